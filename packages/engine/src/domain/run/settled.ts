/** What is the same for every task that settles. */
import type { TaskError } from '@weft/contract';

import type { TaskRecord } from './records.ts';
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
  if (task.waits === 'time' || task.waits === 'signal') run.clearTimer(task.key, 'wait');
  if (task.waits === 'answer' && task.detail?.kind === 'question' && task.detail.expiresAt !== null)
    run.clearTimer(task.key, 'expire');
}
