/** What an outcome makes of its task, its edges and its run. */
import type { Json, TaskError } from '@weft/contract';

import type { Outcome } from '../outcome/outcome.ts';
import { isWorthRetrying, retryDelayMs, roll, timingOf } from '../retry.ts';
import { ownerOf } from '../task-key.ts';
import { stopAfter } from './break-after.ts';
import { continueTask, failingSince, memoDetail, refuseTurn } from './continue-task.ts';
import { endAfterFailure, endAfterSuccess } from './edge-ends.ts';
import { failRun } from './end-run.ts';
import type { PendingDetail, TaskDetail, TaskRecord } from './records.ts';
import { isAside } from './letters/aside.ts';
import { blame, clearTimers, settledRow } from './settled.ts';
import { refuseUpdates, stateUpdates } from './state-updates.ts';
import type { StepType } from './step-record.ts';
import { pendingDetail } from './superstep/updates.ts';
import { conclude, refuseJump, refuseWay } from './way-on.ts';
import type { Way } from './way-on.ts';
import type { WorkingRun } from './working-run.ts';

type Settled = {
  outcome: Outcome;
  worker: string | null;
  ranMs?: number | undefined;
  /** The journal's word for a success: what brought it about; and what the step says of that. */
  type?: StepType;
  note?: Parameters<WorkingRun['note']>[0];
};

/** Settles a task with what its executor, its route or its transform gave. */
export function settleTask(
  run: WorkingRun,
  task: TaskRecord,
  { outcome, worker, ranMs, type, note: given }: Settled,
): void {
  // A short attempt was never written as running: its start is known from its end.
  if (ranMs !== undefined) task.startedAt ??= run.now - ranMs;
  run.spend(task, outcome);
  if (outcome.kind === 'again') {
    const refused = refuseTurn(run, outcome);
    if (refused) failTask(run, task, { error: refused, worker });
    else continueTask(run, task, { outcome, worker });
    return;
  }
  const placed = outcome.placed && { ...given, placed: outcome.placed };
  const note = placed ?? given;
  if (outcome.kind === 'failed') {
    const { error, retryAfterMs, memo } = outcome;
    failTask(run, task, { error, worker, retryAfterMs, note, memo });
    return;
  }
  const { output, goto, cached } = outcome;
  const node = run.node(task.node);
  const updates = stateUpdates(node, outcome);
  const error = refuseUpdates(run.graph, updates) ?? refuseJump(run, task, goto);
  if (error) failTask(run, task, { error, worker, note });
  else
    succeedTask(run, task, {
      output,
      updates,
      worker,
      goto: goto ?? null,
      type: type ?? 'task_succeeded',
      note,
      cached,
      pending: run.graph.superstep ? pendingDetail(node, outcome) : null,
    });
}

/** Skips an armed task that cannot fire, and tells the nodes behind it. */
export function skipTask(run: WorkingRun, task: TaskRecord, failed: boolean): void {
  run.openStep('task_skipped', { task });
  run.change(task, { status: 'skipped', attempt: task.attempt }, settledRow(run));
  conclude(run, task, { endOf: () => (failed ? 'failed' : 'notTaken'), goto: null });
}

type Failure = {
  error: TaskError;
  worker: string | null;
  retryAfterMs?: number | undefined;
  note?: Settled['note'] | undefined;
  memo?: Json | undefined;
};

/** A failed outcome: another attempt after a pause if the policy has one left, else the end of the task. */
export function failTask(run: WorkingRun, task: TaskRecord, failure: Failure): void {
  const { retry } = run.node(task.node);
  const { error, worker, retryAfterMs = 0, note, memo } = failure;
  const failures = task.failures + 1;
  const timing = { ...timingOf(retry, error.code), retryAfterMs };
  const dueAt = run.now + retryDelayMs(timing, failures, roll(task.id, task.attempt));
  const since = failingSince(task);
  const isTooLate = retry.maxElapsedMs !== null && dueAt - since > retry.maxElapsedMs;
  if (!isWorthRetrying(error, retry) || failures >= retry.maxAttempts || isTooLate) {
    failForGood(run, task, { error, worker, failures, note });
    return;
  }
  clearTimers(run, task);
  run.openStep('task_retried', { task, worker });
  if (note) run.note(note);
  const fact = { status: 'waiting', attempt: task.attempt + 1, failures, error, dueAt } as const;
  // What it waited for belongs to the attempt that has failed; what it has done so far does not.
  const kept = memo === undefined && task.detail?.kind === 'memo' ? task.detail.memo : (memo ?? null);
  const detail = memoDetail(kept, retry.maxElapsedMs === null ? null : since);
  run.change(task, fact, { error, worker: null, startedAt: null, detail });
  run.setTimer(task, 'retry', dueAt);
}

type Success = {
  output: Json;
  updates: ReadonlyMap<string, Json>;
  worker: string | null;
  goto: string[] | null;
  type: StepType;
  note: Settled['note'];
  cached: true | undefined;
  /** In superstep mode: what the row keeps for the barrier. */
  pending: PendingDetail | null;
};

function succeedTask(
  run: WorkingRun,
  task: TaskRecord,
  { output, updates, worker, goto, type, note, cached, pending }: Success,
): void {
  const node = run.node(task.node);
  const stops = node.breaks.after && !isAside(run, task);
  const way: Way = { endOf: (edge) => endAfterSuccess(node, edge, output), goto };
  const halts = stops ? null : refuseWay(run, task, way);
  if (halts) {
    failForGood(run, task, { error: halts, worker, note, halts });
    return;
  }
  clearTimers(run, task);
  run.openStep(type, { task, worker });
  if (note) run.note(note);
  if (goto) run.note({ goto });
  // That of a send is stored with its items.
  const stored = task.detail?.kind === 'items' ? null : output;
  if (stops) stopAfter(run, task, { output: stored, goto, worker, pending });
  else {
    const { attempt } = task;
    run.change(task, cached ? { status: 'succeeded', attempt, cached } : { status: 'succeeded', attempt });
    // Field by field, since nearly every step comes by here.
    task.settledStep = run.head.step;
    task.settledAt = run.now;
    task.output = stored;
    task.error = null;
    task.worker = worker;
    if (pending && !task.letter?.alone) task.detail = pending;
    else if (goto) task.detail = { kind: 'jumped' };
    else if (task.detail?.kind === 'memo') task.detail = null;
  }
  // A route is decided within a barrier, so what it writes is not kept for the next one; the barrier of a letter has passed.
  if (!run.graph.superstep || node.type === 'route' || task.letter?.alone)
    for (const [channel, update] of updates) run.write(channel, update);
  if (!stops) conclude(run, task, way);
}

type FinalFailure = {
  error: TaskError;
  worker: string | null;
  failures?: number;
  crashes?: number;
  note?: Settled['note'] | undefined;
  /** Why the way on that it has chosen is closed, so that the run ends here. */
  halts?: TaskError;
};

export function failForGood(run: WorkingRun, task: TaskRecord, failure: FinalFailure): void {
  const { error, worker, note, halts: refused, ...counted } = failure;
  const node = run.node(task.node);
  const isAlone = isAside(run, task) || ownerOf(task.key) !== null;
  const way: Way = { endOf: (edge) => endAfterFailure(node, edge), goto: null };
  const fails = node.onFailure === 'failRun' && !isAlone;
  const halts = refused ?? (fails ? null : refuseWay(run, task, way));
  const blamed = node.onFailure === 'skipDependents' && !isAlone && !halts;
  clearTimers(run, task);
  run.openStep('task_failed', { task, worker });
  if (note) run.note(note);
  const fact = { status: 'failed', attempt: task.attempt, error, ...counted, ...(blamed && { blamed }) } as const;
  run.change(task, fact, { ...settledRow(run), error, worker, ...(halts && { detail: haltedDetail(task) }) });
  if (fails || halts) failRun(run, blame(halts ?? error, task));
  else conclude(run, task, way);
}

function haltedDetail({ detail }: TaskRecord): TaskDetail {
  return { kind: 'halted', items: detail?.kind === 'items' ? detail.total : null };
}
