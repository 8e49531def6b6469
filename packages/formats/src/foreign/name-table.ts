/** Foreign names and the native ones that stand for them: what a native name cannot hold is replaced, and no two become one. */
import { type ImportLog, type ImportPath, quote } from './import-log.ts';

const MAX_LENGTH = 200;
/** Leaves room for the number that makes a name unique. */
const MAX_BASE = 190;
// oxlint-disable-next-line no-control-regex -- these are the characters that a native name cannot hold
const REFUSED = /[#[\]/.$:{}\u0000-\u001f\u007f]|\p{Surrogate}/gu;

export class NameTable {
  readonly #natives = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** The native name of a foreign one that was added. */
  get(name: string): string | undefined {
    return this.#natives.get(name);
  }

  /** Gives each name a native one; those that can stay as they are come first. */
  addAll(names: readonly string[], log: ImportLog, pathOf: (name: string) => ImportPath): void {
    for (const name of names) if (legal(name) === name) this.#put(name, name);
    for (const name of names) {
      if (this.#natives.has(name)) continue;
      const native = this.reserve(name);
      this.#put(name, native);
      log.remark('renamed', pathOf(name), `the name ${quote(name)} is not allowed here; it is ${quote(native)}`);
    }
  }

  /** A native name for something that the foreign document has no name for. */
  reserve(wish: string): string {
    let native = legal(wish);
    const base = native.slice(0, MAX_BASE).toWellFormed();
    for (let count = this.#counts.get(base) ?? 2; this.#taken.has(native); count += 1) {
      native = `${base}-${count}`;
      this.#counts.set(base, count + 1);
    }
    this.#taken.add(native);
    return native;
  }

  #put(name: string, native: string): void {
    this.#natives.set(name, native);
    this.#taken.add(native);
  }
}

function legal(name: string): string {
  return name.replaceAll(REFUSED, '-').slice(0, MAX_LENGTH).toWellFormed() || 'unnamed';
}
