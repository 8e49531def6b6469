/** Claims that end without an outcome: their task is handed out anew, or has lost too many workers (rule A4). */
import type { TaskRecord } from './records.ts';
import { failForGood } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** A task that has lost this many workers is poison (rule A4). */
const MAX_CRASHES = 3;

/**
 * Why a claim ends without an outcome: its worker was lost while it ran the task, was lost and had claimed it, or handed
 * it back.
 */
export type ReleaseReason = 'crash' | 'lost' | 'handback';

/**
 * Whether one more crash would make a task of this many crashes poison. It is then begun only when it is known to run, and
 * while no other such task runs in its worker: so the crash that counts is its own.
 */
export function isSuspect(crashes: number): boolean {
  return crashes >= MAX_CRASHES - 1;
}

/**
 * The worker of a claimed task is gone, or handed it back: it is handed out anew (rule A4). What was lost has been started
 * as far as anybody knows, for short tasks are not written as running; suspects are, so they are not released here. Returns
 * whether anything changed.
 */
export function releaseTask(run: WorkingRun, task: TaskRecord, reason: ReleaseReason): boolean {
  if (reason === 'lost' && isSuspect(task.crashes) && task.status !== 'running') return false;
  const isCrash = reason !== 'handback';
  const crashes = task.crashes + Number(isCrash);
  if (isCrash && run.node(task.node).retry.onCrash === 'fail') {
    const message = 'the worker was lost while it ran this task, which must not be run again';
    failForGood(run, task, { error: { code: 'worker_lost', message, retryable: false }, worker: task.worker, crashes });
    return true;
  }
  if (isCrash && crashes >= MAX_CRASHES) {
    const message = `${crashes} workers were lost while they ran this task`;
    failForGood(run, task, { error: { code: 'poison', message, retryable: false }, worker: task.worker, crashes });
    return true;
  }
  run.openStep('task_retried', { task, worker: task.worker });
  run.change(task, { status: 'ready', attempt: task.attempt + 1, crashes });
  run.handOut(task);
  return true;
}
