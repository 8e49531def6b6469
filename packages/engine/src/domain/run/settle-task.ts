/** What an outcome makes of its task, its edges and its run. */
import type { Json, TaskError } from '@weft/contract';

import type { Outcome } from '../outcome/outcome.ts';
import { retryDelayMs, roll } from '../retry.ts';
import { endAfterFailure, endAfterSuccess } from './edge-ends.ts';
import { failRun } from './end-run.ts';
import { endEdges } from './flow.ts';
import type { TaskRecord } from './records.ts';
import { refuseUpdates, stateUpdates } from './state-updates.ts';
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

type Settled = { outcome: Outcome; worker: string | null; ranMs?: number };

/** Settles a task with what its executor, its route or its transform gave. */
export function settleTask(run: WorkingRun, task: TaskRecord, { outcome, worker, ranMs }: Settled): void {
  // A short attempt was never written as running: its start is known from its end.
  if (ranMs !== undefined) task.startedAt ??= run.now - ranMs;
  run.spend(task, outcome.usage);
  if (outcome.kind === 'failed') {
    const { error, retryAfterMs } = outcome;
    failTask(run, task, { error, worker, retryAfterMs });
    return;
  }
  const updates = stateUpdates(run.node(task.node), outcome);
  const error = refuseUpdates(run.graph, updates);
  if (error) failTask(run, task, { error, worker });
  else succeedTask(run, task, { output: outcome.output, updates, worker, cached: outcome.cached ?? false });
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

/** Skips an armed task that cannot fire, and tells the nodes behind it. */
export function skipTask(run: WorkingRun, task: TaskRecord, failed: boolean): void {
  run.openStep('task_skipped', { task });
  run.change(task, { status: 'skipped', attempt: task.attempt }, settledRow(run));
  endEdges(run, run.node(task.node), () => (failed ? 'failed' : 'notTaken'));
}

type Failure = { error: TaskError; worker: string | null; retryAfterMs?: number | undefined };

/** A failed outcome: another attempt after a pause if the policy has one left, else the end of the task. */
export function failTask(run: WorkingRun, task: TaskRecord, failure: Failure): void {
  const { retry } = run.node(task.node);
  const { error, worker, retryAfterMs = 0 } = failure;
  const failures = task.failures + 1;
  const mayRetry = error.retryable && (retry.retryOn?.includes(error.code) ?? true);
  if (!mayRetry || failures >= retry.maxAttempts) {
    failForGood(run, task, { error, worker, failures });
    return;
  }
  const dueAt = run.now + retryDelayMs({ ...retry, retryAfterMs }, failures, roll(task.id, task.attempt));
  clearQueueTimer(run, task);
  run.openStep('task_retried', { task, worker });
  const fact = { status: 'waiting', attempt: task.attempt + 1, failures, error, dueAt } as const;
  run.change(task, fact, { error, worker: null, startedAt: null });
  run.setTimer(task, 'retry', dueAt);
}

type Success = { output: Json; updates: Map<string, Json>; worker: string | null; cached: boolean };

function succeedTask(run: WorkingRun, task: TaskRecord, { output, updates, worker, cached }: Success): void {
  const node = run.node(task.node);
  clearQueueTimer(run, task);
  run.openStep('task_succeeded', { task, worker });
  const row = { ...settledRow(run), output, error: null, worker };
  run.change(task, { status: 'succeeded', attempt: task.attempt, ...(cached && { cached }) }, row);
  for (const [channel, update] of updates) run.write(channel, update);
  endEdges(run, node, (edge) => endAfterSuccess(node, edge, output));
}

type FinalFailure = { error: TaskError; worker: string | null; failures?: number; crashes?: number };

function failForGood(run: WorkingRun, task: TaskRecord, { error, worker, ...counted }: FinalFailure): void {
  const node = run.node(task.node);
  const blamed = node.onFailure === 'skipDependents';
  clearQueueTimer(run, task);
  run.openStep('task_failed', { task, worker });
  const fact = { status: 'failed', attempt: task.attempt, error, ...counted, ...(blamed && { blamed }) } as const;
  run.change(task, fact, { ...settledRow(run), error, worker });
  if (node.onFailure === 'failRun') failRun(run, blame(error, task));
  else endEdges(run, node, (edge) => endAfterFailure(node, edge));
}

/** The run's error is that of the task that ended it, with a hint where to look. */
function blame(error: TaskError, task: TaskRecord): TaskError {
  return { ...error, details: { ...error.details, node: task.node, taskId: task.id } };
}

function settledRow(run: WorkingRun): Pick<TaskRecord, 'settledStep' | 'settledAt'> {
  return { settledStep: run.head.step, settledAt: run.now };
}

function clearQueueTimer(run: WorkingRun, task: TaskRecord): void {
  if (task.lane !== null && run.node(task.node).queueTimeoutMs !== null) run.clearTimer(task.key, 'queue');
}
