/** From a JSON pointer to a line and a column of the text that the value was read from. */
import { type ProblemItem, tokensOf } from '@weft/contract';

/** Line and column, both from 1; columns count UTF-16 units. */
export type Location = { line: number; column: number };

/** Where a value stands: the offset of its key, or of the element itself. */
export type PlacedNode = { at: number; children?: Map<string, PlacedNode> };

/** The place of a pointer, or of the nearest value around it that is there. */
export type Locate = (pointer: string) => Location | undefined;

/** Looks pointers up; the tree is made on the first call, since most documents have no error. */
export function locator(text: string, placedTree: () => PlacedNode | undefined): Locate {
  let tree: PlacedNode | undefined;
  let lines: LineIndex | undefined;
  return (pointer) => {
    tree ??= placedTree();
    lines ??= new LineIndex(text);
    return tree && lines.locate(nearest(tree, tokensOf(pointer)).at);
  };
}

/** The issues with line and column, where they have none yet. */
export function withLocations(issues: readonly ProblemItem[], locate: Locate): ProblemItem[] {
  return issues.map((issue) => (issue.line === undefined ? { ...issue, ...locate(issue.pointer) } : issue));
}

/** Finds the line of an offset in logarithmic time. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  locate(offset: number): Location {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

function nearest(tree: PlacedNode, tokens: readonly string[]): PlacedNode {
  let node = tree;
  for (const token of tokens) {
    const child = node.children?.get(token);
    if (!child) break;
    node = child;
  }
  return node;
}
