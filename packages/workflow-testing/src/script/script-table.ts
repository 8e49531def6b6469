import type { WorkflowDocument } from '@weft/contract';
import { closest } from '@weft/engine/domain';

import { WorkflowTestError } from '../test-error.ts';
import { NodeScript } from './node-script.ts';

/** Node types whose result comes from outside, so that a test says what it is. */
const SCRIPTABLE: ReadonlySet<string> = new Set(['task', 'subgraph']);

const INSTEAD: Readonly<Record<string, string>> = {
  interrupt: 'it asks a question: answer it with answer() or whenAsked()',
  wait: 'it waits by itself: time is skipped, and a signal is given with signal()',
  send: 'its items are tasks of its target: script that',
  route: 'it is computed by the engine, here as well',
  transform: 'it is computed by the engine, here as well',
};

/** The scripts of the nodes of all workflows of a test. */
export class ScriptTable {
  readonly #documents = new Map<string, WorkflowDocument>();
  readonly #scripts = new Map<string, NodeScript>();
  readonly #main: string;

  constructor(main: WorkflowDocument, children: readonly WorkflowDocument[]) {
    this.#main = main.name;
    for (const document of [...children, main]) this.#documents.set(document.name, document);
  }

  /** Takes in another version of a workflow: nodes that it does not have any more may still run. */
  add(document: WorkflowDocument): void {
    const known = this.#documents.get(document.name);
    this.#documents.set(document.name, { ...document, nodes: { ...known?.nodes, ...document.nodes } });
  }

  /**
   * That of a node: `node` of the workflow under test, `workflow/node` of a child. Throws WorkflowTestError `unknown_node`,
   * `not_a_task`.
   */
  script(name: string): NodeScript {
    const { workflow, node } = this.place(name);
    const { type } = this.#nodeOf(workflow, node);
    if (!SCRIPTABLE.has(type)) {
      const instead = INSTEAD[type] ?? 'it needs no script';
      throw new WorkflowTestError('not_a_task', `the node "${node}" is of type ${type}: ${instead}`);
    }
    const key = `${workflow}/${node}`;
    const known = this.#scripts.get(key) ?? new NodeScript();
    this.#scripts.set(key, known);
    return known;
  }

  /** What there is for an attempt; undefined if nothing was ever said of its node. */
  find(workflow: string, node: string): NodeScript | undefined {
    return this.#scripts.get(`${workflow}/${node}`);
  }

  /** Which node is meant. Throws WorkflowTestError `unknown_node`. */
  place(name: string): { workflow: string; node: string } {
    const slash = name.lastIndexOf('/');
    const workflow = slash < 0 ? this.#main : name.slice(0, slash);
    const node = name.slice(slash + 1);
    this.#nodeOf(workflow, node);
    return { workflow, node };
  }

  #nodeOf(workflow: string, node: string): { type: string } {
    const document = this.#documents.get(workflow);
    if (!document) {
      throw new WorkflowTestError(
        'unknown_node',
        `the test has no workflow "${workflow}"${meant(workflow, this.#documents.keys())}`,
      );
    }
    const found = Object.hasOwn(document.nodes, node) ? document.nodes[node] : undefined;
    if (found) return found;
    const names = Object.keys(document.nodes);
    const hint = meant(node, names) || `; its nodes are ${names.slice(0, 20).join(', ')}`;
    throw new WorkflowTestError('unknown_node', `the workflow "${workflow}" has no node "${node}"${hint}`);
  }
}

/** The end of a sentence about a name that does not exist. */
export function meant(name: string, candidates: Iterable<string>): string {
  const near = closest(
    name,
    Array.from(candidates).filter((candidate) => candidate !== name),
  );
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
