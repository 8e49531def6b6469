/** What is due (rule A12). */
import type { TaskRecord, TimerKind, TimerRecord } from './records.ts';
import { failTask } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** Returns false if the timer had nothing to wake: its task has gone on. */
export function fireTimer(run: WorkingRun, { key, kind, attempt }: Omit<TimerRecord, 'dueAt'>): boolean {
  const task = run.task(key);
  if (task && !run.hasEnded && isAwaited(run, task, kind)) {
    // The row that stands now is that of another attempt, and this firing is late.
    if (task.attempt !== attempt) return false;
    return kind === 'retry' ? fireRetry(run, task) : fireQueueTimeout(run, task);
  }
  run.clearTimer(key, kind);
  return false;
}

/** Whether a timer of this kind stands for the task. */
function isAwaited(run: WorkingRun, task: TaskRecord, kind: TimerKind): boolean {
  if (kind === 'retry') return task.status === 'waiting';
  return task.status === 'ready' && run.node(task.node).queueTimeoutMs !== null;
}

function fireRetry(run: WorkingRun, task: TaskRecord): boolean {
  run.clearTimer(task.key, 'retry');
  run.openStep('timer_fired', { task });
  run.change(task, { status: 'ready', attempt: task.attempt });
  run.handOut(task);
  return true;
}

/** An attempt number may come again when a task is taken back and armed anew, so the time is looked at, too. */
function fireQueueTimeout(run: WorkingRun, task: TaskRecord): boolean {
  const queueTimeoutMs = run.node(task.node).queueTimeoutMs ?? 0;
  if (run.now - task.readyAt < queueTimeoutMs) return false;
  const message = `no worker took the task within ${queueTimeoutMs} ms`;
  failTask(run, task, { error: { code: 'queue_timeout', message, retryable: false }, worker: null });
  return true;
}
