import { pointerOf, type ProblemCode, type ProblemItem } from '@weft/contract';

/** What was found: the problem's code is one of the table. */
export type Issue = ProblemItem & { code: ProblemCode };

const MAX_ISSUES = 100;
const MAX_CHARS = 100_000;

/** Collects issues up to a bound, so that a small hostile text cannot make a huge answer. */
export class IssueList {
  readonly items: Issue[] = [];
  #chars = 0;

  get full(): boolean {
    return this.items.length >= MAX_ISSUES || this.#chars >= MAX_CHARS;
  }

  add(
    code: ProblemCode,
    path: readonly (string | number)[],
    rest: { message: string; line: number; column: number },
  ): void {
    if (this.full) return;
    const issue = { code, pointer: pointerOf(path), ...rest };
    this.#chars += issue.pointer.length + issue.message.length;
    this.items.push(issue);
  }
}
