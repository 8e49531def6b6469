/** What is due (rule A12). */
import type { TaskRecord, TimerKind, TimerRecord } from './records.ts';
import { failTask, settleTask } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** Returns false if the timer had nothing to wake: its task has gone on. */
export function fireTimer(run: WorkingRun, { key, kind, attempt }: Omit<TimerRecord, 'dueAt'>): boolean {
  const task = run.task(key);
  if (task && !run.hasEnded && isAwaited(run, task, kind)) {
    // The row that stands now is that of another attempt, and this firing is late.
    if (task.attempt !== attempt) return false;
    return fire(run, task, kind);
  }
  run.clearTimer(key, kind);
  return false;
}

/** Whether a timer of this kind stands for the task. */
function isAwaited(run: WorkingRun, task: TaskRecord, kind: TimerKind): boolean {
  if (kind === 'retry') return task.waits === 'retry';
  if (kind === 'wait') return task.waits === 'time' || task.waits === 'signal';
  // A breakpoint after the node waits for an answer, too, and for as long as that takes.
  if (kind === 'expire')
    return task.waits === 'answer' && task.detail?.kind === 'question' && task.detail.expiresAt !== null;
  return task.status === 'ready' && run.node(task.node).queueTimeoutMs !== null;
}

function fire(run: WorkingRun, task: TaskRecord, kind: TimerKind): boolean {
  switch (kind) {
    case 'retry':
      return fireRetry(run, task);
    case 'queue':
      return fireQueueTimeout(run, task);
    case 'wait':
      return fireWait(run, task);
    default:
      kind satisfies 'expire';
      return fireExpiry(run, task);
  }
}

function fireWait(run: WorkingRun, task: TaskRecord): boolean {
  if (task.waits === 'time') {
    settleTask(run, task, { outcome: { kind: 'succeeded', output: null }, worker: null });
    return true;
  }
  const signal = task.detail?.kind === 'wait' ? task.detail.signal : null;
  const message = `the signal ${signal} did not come in time`;
  failTask(run, task, { error: { code: 'signal_timeout', message, retryable: false }, worker: null });
  return true;
}

/** The question has found no answer: the node's default stands for it, if it has one. */
function fireExpiry(run: WorkingRun, task: TaskRecord): boolean {
  const fallback = run.node(task.node).question?.default;
  const message = 'nobody has answered the question in time';
  if (fallback === undefined) {
    failTask(run, task, { error: { code: 'interrupt_expired', message, retryable: false }, worker: null });
  } else settleTask(run, task, { outcome: { kind: 'succeeded', output: fallback }, worker: null });
  return true;
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
