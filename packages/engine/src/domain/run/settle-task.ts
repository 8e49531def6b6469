/** What an outcome makes of its task, its edges and its run. */
import type { Json, JsonObject, TaskError } from '@weft/contract';

import type { Outcome } from '../outcome/outcome.ts';
import { getPath } from '../expression/path.ts';
import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { EdgeEnd } from '../graph/join.ts';
import { retryDelayMs, roll } from '../retry.ts';
import { checkUpdate } from '../state/check-update.ts';
import { endRun } from './end-run.ts';
import { endEdges } from './flow.ts';
import type { TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Crashes of one task that are borne; the next one is poison (rule A4). */
const MAX_CRASHES = 3;

/** Settles a task with what its executor, its route or its transform gave. */
export function settleTask(
  run: WorkingRun,
  task: TaskRecord,
  result: { outcome: Outcome; worker: string | null },
): void {
  const { outcome, worker } = result;
  const node = run.node(task.node);
  run.spend(task, task.attempt, outcome.usage);
  if (outcome.kind === 'failed') {
    failTask(run, task, { error: outcome.error, retryAfterMs: outcome.retryAfterMs ?? 0, worker });
    return;
  }
  const updates = stateUpdates(node, outcome);
  const refused = refuseUpdates(run, updates);
  if (refused) {
    failTask(run, task, { error: refused, retryAfterMs: 0, worker });
    return;
  }
  succeedTask(run, task, { output: outcome.output, updates, worker });
}

/** The worker of a started task is gone, or handed it back: it is handed out anew (rule A4). */
export function releaseTask(run: WorkingRun, task: TaskRecord, reason: 'crash' | 'handback'): void {
  const node = run.node(task.node);
  const crashes = task.crashes + (reason === 'crash' ? 1 : 0);
  const lost = { retryable: false, message: `the worker ${task.worker ?? ''} was lost while it ran this task` };
  if (reason === 'crash' && node.retry.onCrash === 'fail') {
    failForGood(run, task, { error: { ...lost, code: 'worker_lost' }, worker: null, crashes });
    return;
  }
  if (crashes > MAX_CRASHES) {
    const message = `${crashes} workers were lost while they ran this task`;
    failForGood(run, task, { error: { ...lost, code: 'poison', message }, worker: null, crashes });
    return;
  }
  run.openStep('task_retried', { task, worker: task.worker });
  run.change({ key: task.key, status: 'ready', attempt: task.attempt + 1, crashes });
  run.makeReady(task, node);
}

/** Skips an armed task that cannot fire, and tells the nodes behind it. */
export function skipTask(run: WorkingRun, task: TaskRecord, failed: boolean): void {
  run.openStep('task_skipped', { task });
  run.change({ key: task.key, status: 'skipped', attempt: task.attempt }, settledRow(run));
  endEdges(run, run.node(task.node), () => (failed ? 'failed' : 'notTaken'));
}

type Failure = { error: TaskError; worker: string | null; retryAfterMs?: number; crashes?: number };

/** A failed outcome: another attempt after a pause if the policy has one left, else the end of the task. */
export function failTask(run: WorkingRun, task: TaskRecord, failure: Failure): void {
  const { retry } = run.node(task.node);
  const failures = task.failures + 1;
  const mayRetry = failure.error.retryable && (retry.retryOn?.includes(failure.error.code) ?? true);
  if (!mayRetry || failures >= retry.maxAttempts) {
    failForGood(run, task, failure);
    return;
  }
  const timing = { ...retry, retryAfterMs: failure.retryAfterMs ?? 0 };
  const dueAt = run.now + retryDelayMs(timing, failures, roll(task.id, task.attempt));
  const attempt = task.attempt + 1;
  clearQueueTimer(run, task);
  run.openStep('task_retried', { task, worker: failure.worker });
  run.change(
    { key: task.key, status: 'waiting', attempt, failures, error: failure.error, dueAt },
    { error: failure.error },
  );
  run.timersSet.push({ key: task.key, kind: 'retry', attempt, dueAt });
}

function succeedTask(
  run: WorkingRun,
  task: TaskRecord,
  { output, updates, worker }: { output: Json; updates: JsonObject; worker: string | null },
): void {
  const node = run.node(task.node);
  clearQueueTimer(run, task);
  run.openStep('task_succeeded', { task, worker });
  const row = { ...settledRow(run), output, error: null, worker };
  run.change({ key: task.key, status: 'succeeded', attempt: task.attempt }, row);
  for (const [channel, update] of Object.entries(updates)) run.write(channel, update);
  endEdges(run, node, (edge) => endAfterSuccess(node, edge, output));
}

function failForGood(run: WorkingRun, task: TaskRecord, { error, worker, crashes }: Failure): void {
  const node = run.node(task.node);
  const { onFailure } = node;
  const counted = crashes === undefined ? { failures: task.failures + 1 } : { crashes };
  clearQueueTimer(run, task);
  run.openStep('task_failed', { task, worker });
  run.change(
    {
      ...{ key: task.key, status: 'failed', attempt: task.attempt, error, ...counted },
      ...(onFailure === 'skipDependents' && { blamed: true }),
    },
    { ...settledRow(run), error, worker },
  );
  if (onFailure === 'failRun') {
    endRun(run, { status: 'failed', error: blame(error, task) });
    return;
  }
  endEdges(run, node, (edge) => endAfterFailure(onFailure, edge));
}

/** The run's error is that of the task that ended it, with a hint where to look. */
function blame(error: TaskError, task: TaskRecord): TaskError {
  return { ...error, details: { ...error.details, node: task.node, taskId: task.id } };
}

function endAfterSuccess(node: GraphNode, edge: Edge, output: Json): EdgeEnd {
  if (edge.kind === 'plain') return 'taken';
  if (edge.kind === 'goto') return 'notTaken';
  const value = (output as { route: string }).route;
  if (edge.values?.includes(value)) return 'taken';
  return edge.isDefault && !node.routeValues.has(value) ? 'taken' : 'notTaken';
}

function endAfterFailure(onFailure: GraphNode['onFailure'], edge: Edge): EdgeEnd {
  if (onFailure === 'skipDependents') return 'failed';
  if (onFailure === 'continue') return edge.kind === 'plain' ? 'taken' : 'notTaken';
  return edge.kind === 'goto' ? 'taken' : 'notTaken';
}

function settledRow(run: WorkingRun): Partial<TaskRecord> {
  return { settledStep: run.head.step, settledAt: run.now };
}

function clearQueueTimer(run: WorkingRun, task: TaskRecord): void {
  if (run.node(task.node).queueTimeoutMs !== null) run.timersCleared.push({ key: task.key, kind: 'queue' });
}

/** What a success writes: the node's own mapping, over which the executor's explicit updates win. */
function stateUpdates(node: GraphNode, outcome: Extract<Outcome, { kind: 'succeeded' }>): JsonObject {
  const updates: JsonObject = {};
  if (node.output !== null) updates[node.output] = outcome.output;
  for (const [channel, path] of node.outputMapping) updates[channel] = getPath(outcome.output, path);
  return Object.assign(updates, outcome.stateUpdates);
}

function refuseUpdates(run: WorkingRun, updates: JsonObject): TaskError | null {
  for (const [channel, update] of Object.entries(updates)) {
    const schema = run.graph.state.get(channel);
    if (!schema) {
      const message = `the workflow declares no state key ${JSON.stringify(channel)}`;
      return { code: 'undeclared_key', message, retryable: false };
    }
    const bad = checkUpdate(schema.reducer ?? 'last_value', update);
    if (bad) return { code: 'bad_update', message: `state key ${channel}: ${bad.message}`, retryable: false };
  }
  return null;
}
