/** Writes what has been running for a while as running, and hears which attempts are not wanted any more (rule A6). */
import type { DispatchStore, RunningMark, TaskAttempt, TaskMessage } from '../../ports/index.ts';

/** A task that ends sooner is never written as running: short tasks cost one write. */
export const RUNNING_AFTER_MS = 100;
/**
 * One that is over and waits for its commit is left alone for longer: the commit makes the mark needless. But it is written
 * before lanes that have lost everything are filled again with what was not (a second later), or it would run once more.
 */
const COMMITTED_AFTER_MS = 500;
/** How often a long attempt is looked at again. */
const RECHECK_MS = 1000;

export type RunningAttempt = {
  message: TaskMessage;
  startedAt: number;
  dueAt: number;
  checkedAt: number | null;
  /** The attempt is over; its outcome waits for its commit. */
  isOver: boolean;
};

/** The attempt as the store names it. */
export function attemptOf({ runId, key, taskEpoch, runEpoch, attempt }: TaskMessage): TaskAttempt {
  return { runId, key, taskEpoch, runEpoch, attempt };
}

/**
 * Marks the attempts that are due for it. `now` is monotonic, as are their instants. Returns those that lost their claim.
 */
export async function flushRunning(
  dispatch: DispatchStore,
  { running, worker, now }: { running: Iterable<RunningAttempt>; worker: string; now: number },
): Promise<RunningAttempt[]> {
  const due = [...running].filter((attempt) => isDue(attempt, now));
  if (due.length === 0) return [];
  const lost = await dispatch.markRunning(due.map((attempt) => toMark(attempt, worker, now)));
  for (const attempt of due) attempt.checkedAt = now;
  const names = new Set(lost.map(attemptName));
  return due.filter((attempt) => names.has(attemptName(attempt.message)));
}

function isDue({ checkedAt, startedAt, isOver }: RunningAttempt, now: number): boolean {
  if (checkedAt !== null) return now - checkedAt >= RECHECK_MS;
  return now - startedAt >= (isOver ? COMMITTED_AFTER_MS : RUNNING_AFTER_MS);
}

/** Writes one as running before it begins. Returns false if its attempt is not current any more. */
export async function markBeginning(
  dispatch: DispatchStore,
  { attempt, worker, now }: { attempt: RunningAttempt; worker: string; now: number },
): Promise<boolean> {
  const lost = await dispatch.markRunning([toMark(attempt, worker, now)]);
  attempt.checkedAt = now;
  return lost.length === 0;
}

function toMark({ message, startedAt, dueAt }: RunningAttempt, worker: string, now: number): RunningMark {
  const { tenant } = message.workflow;
  return { ...attemptOf(message), tenant, worker, startedMsAgo: now - startedAt, dueInMs: dueAt - now };
}

function attemptName({ runId, key, taskEpoch, attempt }: TaskAttempt): string {
  return `${runId} ${taskEpoch} ${attempt} ${key}`;
}
