/** What an import finds on its way, and which part of the native document comes from which part of the foreign one. */
import { type ImportRemark, pointerOf, type ProblemCode } from '@weft/contract';
import type { Issue } from '../issue-list.ts';

export type ImportPath = readonly (string | number)[];

/** A small hostile document must not make a huge answer; what is beyond is counted. */
const MAX_ITEMS = 1000;
const MAX_CHARS = 500_000;

export class ImportLog {
  readonly #errors = new Findings<Issue>();
  readonly #remarks = new Findings<ImportRemark>();
  readonly #origins = new Map<string, ImportPath>();
  readonly #maxNodes: number;
  #nodes = 0;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  /** Whether there is room for so many more nodes; says where there is none. */
  admits(count: number, path: ImportPath): boolean {
    this.#nodes += count;
    if (this.#nodes <= this.#maxNodes) return true;
    this.error('limit_nodes', path, `the document has more than ${this.#maxNodes} nodes`);
    return false;
  }

  /** Something that makes the document invalid. */
  error(code: ProblemCode, path: ImportPath, message: string): void {
    this.#errors.add({ code, pointer: pointerOf(path), message });
  }

  /** Something that the native document cannot say exactly. */
  remark(code: string, path: ImportPath, message: string): void {
    this.#remarks.add({ code, pointer: pointerOf(path), message });
  }

  /** Notes that what stands at `native` comes from `original`. */
  origin(native: ImportPath, original: ImportPath): void {
    this.#origins.set(pointerOf(native), original);
  }

  get hasErrors(): boolean {
    return this.#errors.isNotEmpty;
  }

  errors(): Issue[] {
    return this.#errors.list((left) => ({ code: 'invalid_document', pointer: '', message: `${left} more errors` }));
  }

  report(): ImportRemark[] {
    return this.#remarks.list((left) => ({ code: 'more', pointer: '', message: `${left} more remarks` }));
  }

  /** The pointer into the foreign document for one into the native one: of the value itself, or of the nearest around it. */
  place(pointer: string): string {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const original = this.#origins.get(at);
      if (original !== undefined) return pointerOf(original);
    }
    return '';
  }
}

/** Each finding once, in order, up to the bounds. */
class Findings<Item extends { code: string; pointer: string; message: string }> {
  readonly #items = new Map<string, Item>();
  #chars = 0;
  #left = 0;

  get isNotEmpty(): boolean {
    return this.#items.size > 0;
  }

  add(item: Item): void {
    if (this.#items.size >= MAX_ITEMS || this.#chars >= MAX_CHARS) {
      this.#left += 1;
      return;
    }
    const key = `${item.code} ${item.pointer} ${item.message}`;
    if (this.#items.has(key)) return;
    this.#chars += key.length;
    this.#items.set(key, item);
  }

  list(more: (left: number) => Item): Item[] {
    const items = [...this.#items.values()];
    return this.#left === 0 ? items : [...items, more(this.#left)];
  }
}

/** A name as it stands in a message: quoted, and not too long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
}
