import type { Decision } from '../domain/run/records.ts';

/** Whether a commit leaves work of its run to the next one: inline nodes, rows to close, mail that the run sent to itself. */
export function leavesWork({ goesOn, closes, sentMail }: Decision): boolean {
  return goesOn || closes || sentMail.some(({ to }) => to === null);
}
