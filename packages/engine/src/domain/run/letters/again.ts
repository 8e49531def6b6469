/** Which of the tasks that have ended are to be done again, and with what. */
import type { Letter, TaskRecord } from '../records.ts';

export type Again = {
  /** All that keeps the run from succeeding; else what is named, and what the run cannot go on without. */
  all: boolean;
  /** The run has failed: what was aborted with it, and what it has failed for, is done again as well. */
  reopens: boolean;
  /** Keys of failed tasks, and of the sends that have failed for them. */
  named: ReadonlySet<string>;
  /** Those of which nothing else follows any more. */
  alone: ReadonlySet<string>;
  /** New inputs, by key. */
  edits: ReadonlyMap<string, NonNullable<Letter['edit']>>;
  /** The key of the task whose child run goes on: it waits for that one, and begins no other. */
  child: string | null;
};

/** What a retry of the whole run does again. */
export const EVERYTHING: Again = {
  all: true,
  reopens: true,
  named: new Set(),
  alone: new Set(),
  edits: new Map(),
  child: null,
};

/** What the letter of a task says once it is done again; undefined if nothing changes, and there is nothing to say. */
export function letterAgain(task: TaskRecord, again: Again): Letter | undefined {
  if (task.status !== 'failed') return undefined;
  const { letter, error, settledStep: step } = task;
  const edit = again.edits.get(task.key) ?? letter?.edit;
  const alone = again.alone.has(task.key);
  // What follows from a failure may have been done, or be done, before its next result is there.
  const isRead = (alone || task.blamed) && error !== null && step !== null;
  const past = [...(letter?.past ?? []), ...(isRead ? [{ error, step }] : [])];
  if (!letter && !edit && !alone && past.length === 0) return undefined;
  return { ...(edit && { edit }), ...(alone && { alone }), ...(past.length > 0 && { past }) };
}
