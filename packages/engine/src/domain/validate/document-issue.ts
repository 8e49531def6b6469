import { pointerOf, type ProblemCode } from '@weft/contract';
import { closest } from './closest.ts';

/** One error in a document; the pointer names the offending key itself, the root is `""`. */
export type DocumentIssue = { code: ProblemCode; pointer: string; message: string };

export type IssuePath = readonly (string | number)[];

const MAX_ISSUES = 1000;
const MAX_CHARS = 500_000;
/** Looking for a similar name costs far more than any check. */
const MAX_SUGGESTIONS = 20;

/**
 * Gathers what the checks find, each error once. What is beyond the bounds is counted only: a small hostile document must
 * not make a huge answer.
 */
export class Issues {
  readonly #issues = new Map<string, DocumentIssue>();
  #chars = 0;
  #left = 0;
  #suggestions = 0;

  add(code: ProblemCode, path: IssuePath, message: string): void {
    if (this.#issues.size >= MAX_ISSUES || this.#chars >= MAX_CHARS) {
      this.#left += 1;
      return;
    }
    const pointer = pointerOf(path);
    const key = `${code} ${pointer} ${message}`;
    if (this.#issues.has(key)) return;
    this.#chars += pointer.length + message.length;
    this.#issues.set(key, { code, pointer, message });
  }

  /** How many there are, those that are not listed included. */
  get count(): number {
    return this.#issues.size + this.#left;
  }

  /** ` (did you mean "x"?)` if a candidate is close, else nothing. */
  hint(name: string, candidates: Iterable<string>): string {
    if (this.#suggestions >= MAX_SUGGESTIONS) return '';
    this.#suggestions += 1;
    const found = closest(name, candidates);
    return found === undefined ? '' : ` (did you mean ${quote(found)}?)`;
  }

  list(): DocumentIssue[] {
    const issues = [...this.#issues.values()];
    if (this.#left === 0) return issues;
    return [...issues, { code: 'invalid_document', pointer: '', message: `${this.#left} more errors are not listed` }];
  }
}

/** A name as it stands in a message: quoted, and not too long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
}
