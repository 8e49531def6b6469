/** What is the same for every task that settles. */
import type { TaskError } from '@weft/contract';

import type { TaskRecord, TimerKind, Waits } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** The run's error is that of the task that ended it, with a hint where to look. */
export function blame(error: TaskError, task: TaskRecord): TaskError {
  return { ...error, details: { ...error.details, node: task.node, taskId: task.id } };
}

export function settledRow(run: WorkingRun): Pick<TaskRecord, 'settledStep' | 'settledAt'> {
  return { settledStep: run.head.step, settledAt: run.now };
}

/** Nothing wakes a task that has gone on. */
export function clearTimers(run: WorkingRun, task: TaskRecord): void {
  if (task.lane !== null && run.node(task.node).queueTimeoutMs !== null) run.clearTimer(task.key, 'queue');
  clearWaitTimer(run, task);
}

const TIMER_OF: { readonly [W in Waits]?: TimerKind } = {
  retry: 'retry',
  time: 'wait',
  signal: 'wait',
  answer: 'expire',
};

/** Clears the timer that ends what the task waits for, if there is one. */
export function clearWaitTimer(run: WorkingRun, { key, waits }: Pick<TaskRecord, 'key' | 'waits'>): void {
  const kind = waits === null ? undefined : TIMER_OF[waits];
  if (kind !== undefined) run.clearTimer(key, kind);
}
