/** What an outcome makes of its task, its edges and its run. */
import { END } from '@weft/contract';
import type { Json, TaskError } from '@weft/contract';

import type { Outcome } from '../outcome/outcome.ts';
import { retryDelayMs, roll } from '../retry.ts';
import type { Edge } from '../graph/edges.ts';
import type { EdgeEnd } from '../graph/join.ts';
import { ownerOf, rootOf } from '../task-key.ts';
import { endAfterFailure, endAfterSuccess } from './edge-ends.ts';
import { failRun } from './end-run.ts';
import { endEdges } from './flow.ts';
import { jumpTo, refuseLoops, startGeneration } from './jumps.ts';
import { takeInjections } from './kept-mail.ts';
import type { TaskDetail, TaskRecord } from './records.ts';
import { itemEnded } from './send-items.ts';
import { refuseUpdates, stateUpdates } from './state-updates.ts';
import type { StepType } from './step-record.ts';
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

type Settled = {
  outcome: Outcome;
  worker: string | null;
  ranMs?: number;
  /** The journal's word for a success: what brought it about; and what the step says of that. */
  type?: StepType;
  note?: Parameters<WorkingRun['note']>[0];
};

/** Settles a task with what its executor, its route or its transform gave. */
export function settleTask(run: WorkingRun, task: TaskRecord, { outcome, worker, ranMs, type, note }: Settled): void {
  // A short attempt was never written as running: its start is known from its end.
  if (ranMs !== undefined) task.startedAt ??= run.now - ranMs;
  run.spend(task, outcome.usage);
  if (outcome.kind === 'failed') {
    const { error, retryAfterMs } = outcome;
    failTask(run, task, { error, worker, retryAfterMs, note });
    return;
  }
  const { output, goto, cached } = outcome;
  const updates = stateUpdates(run.node(task.node), outcome);
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
    });
}

/** A goto names nodes of the top level, or the end of its branch; an item has no edges that it could go on by. */
function refuseJump(run: WorkingRun, task: TaskRecord, goto: readonly string[] | undefined): TaskError | null {
  if (!goto) return null;
  const why = ownerOf(task.key) === null ? goto.map((name) => whyNot(run, name)).find(Boolean) : ITEM_CANNOT;
  return why ? { code: 'invalid_goto', message: why, retryable: false } : null;
}

const ITEM_CANNOT = 'an item of a send cannot go on elsewhere';

function whyNot({ graph }: WorkingRun, name: string): string | null {
  if (name === END) return null;
  if (!graph.nodes.has(name)) return `there is no node ${name} to go to`;
  return graph.sendTargets.has(name) ? `the node ${name} runs for the items of a send only` : null;
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
  conclude(run, task, { endOf: () => (failed ? 'failed' : 'notTaken'), goto: null });
}

type Failure = {
  error: TaskError;
  worker: string | null;
  retryAfterMs?: number | undefined;
  note?: Settled['note'] | undefined;
};

/** A failed outcome: another attempt after a pause if the policy has one left, else the end of the task. */
export function failTask(run: WorkingRun, task: TaskRecord, failure: Failure): void {
  const { retry } = run.node(task.node);
  const { error, worker, retryAfterMs = 0, note } = failure;
  const failures = task.failures + 1;
  const mayRetry = error.retryable && (retry.retryOn?.includes(error.code) ?? true);
  if (!mayRetry || failures >= retry.maxAttempts) {
    failForGood(run, task, { error, worker, failures, note });
    return;
  }
  const dueAt = run.now + retryDelayMs({ ...retry, retryAfterMs }, failures, roll(task.id, task.attempt));
  clearTimers(run, task);
  run.openStep('task_retried', { task, worker });
  if (note) run.note(note);
  const fact = { status: 'waiting', attempt: task.attempt + 1, failures, error, dueAt } as const;
  // What it waited for belongs to the attempt that has failed.
  run.change(task, fact, { error, worker: null, startedAt: null, detail: null });
  run.setTimer(task, 'retry', dueAt);
}

type Success = {
  output: Json;
  updates: Map<string, Json>;
  worker: string | null;
  goto: string[] | null;
  type: StepType;
  note: Settled['note'];
  cached: true | undefined;
};

function succeedTask(
  run: WorkingRun,
  task: TaskRecord,
  { output, updates, worker, goto, type, note, cached }: Success,
): void {
  const node = run.node(task.node);
  const stops = node.breaks.after && !run.isStale(task.key);
  const way: Way = { endOf: (edge) => endAfterSuccess(node, edge, output), goto };
  const halts = stops ? null : refuseWay(run, task, way);
  if (halts) {
    failForGood(run, task, { error: halts, worker, note, halts });
    return;
  }
  clearTimers(run, task);
  run.openStep(type, { task, worker });
  if (note) run.note(note);
  // That of a send is stored with its items.
  const stored = task.detail?.kind === 'items' ? null : output;
  if (stops) stopAfter(run, task, { output: stored, goto, worker });
  else {
    const row = {
      ...settledRow(run),
      output: stored,
      error: null,
      worker,
      ...(goto && { detail: { kind: 'jumped' } as const }),
    };
    run.change(task, { status: 'succeeded', attempt: task.attempt, ...(cached && { cached }) }, row);
  }
  for (const [channel, update] of updates) run.write(channel, update);
  if (!stops) conclude(run, task, way);
}

/** A breakpoint after a node holds its result back until somebody passes it. */
function stopAfter(
  run: WorkingRun,
  task: TaskRecord,
  held: { output: Json; goto: string[] | null; worker: string | null },
) {
  const { output, goto, worker } = held;
  const id = run.questionId(task.key, 'after');
  const items = task.detail?.kind === 'items' ? task.detail.total : null;
  const detail = {
    kind: 'question',
    id,
    at: 'after',
    message: null,
    expiresAt: null,
    held: { output, goto, items },
  } as const;
  run.change(task, { status: 'waiting', attempt: task.attempt, waits: 'answer' }, { detail, error: null, worker });
}

/** Goes on from a breakpoint after a node, in a step that says so. */
export function passAfter(run: WorkingRun, task: TaskRecord): void {
  if (task.detail?.kind !== 'question' || !task.detail.held) throw new Error(`the task ${task.key} holds no result`);
  const { output, goto, items } = task.detail.held;
  const node = run.node(task.node);
  const way: Way = { endOf: (edge) => endAfterSuccess(node, edge, output), goto };
  const error = refuseWay(run, task, way);
  if (error) {
    const detail = { kind: 'halted', items } as const;
    run.change(task, { status: 'failed', attempt: task.attempt, error }, { ...settledRow(run), error, detail });
    failRun(run, blame(error, task));
    return;
  }
  const row = { ...settledRow(run), output, detail: passedDetail(goto, items) };
  run.change(task, { status: 'succeeded', attempt: task.attempt }, row);
  conclude(run, task, way);
}

function passedDetail(goto: string[] | null, items: number | null): TaskDetail | null {
  if (goto) return { kind: 'jumped' };
  return items === null ? null : { kind: 'items', total: items };
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
  const isAlone = run.isStale(task.key) || ownerOf(task.key) !== null;
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

/** How a settled task goes on: by its edges, or by goto. */
type Way = { endOf: (edge: Edge) => EdgeEnd; goto: string[] | null };

/** Why a task that is about to settle may not go on as it has chosen; null if it may (rule B5). */
function refuseWay(run: WorkingRun, task: TaskRecord, { endOf, goto }: Way): TaskError | null {
  if (ownerOf(task.key) !== null || run.isStale(task.key)) return null;
  if (goto) return refuseLoops(run, task, goto.filter(isNode));
  const back = backEdge(run, task, endOf);
  return back ? refuseLoops(run, task, [back.to]) : null;
}

function isNode(name: string): boolean {
  return name !== END;
}

function backEdge(run: WorkingRun, { node }: TaskRecord, endOf: Way['endOf']): Edge | undefined {
  return run.node(node).out.find((edge) => run.graph.backs.has(edge) && endOf(edge) === 'taken');
}

/**
 * What follows from a task that has settled. An item counts for its send; what a loop has gone back over arms nothing; else a goto, or
 * an edge that leads back, stands for all other edges.
 */
function conclude(run: WorkingRun, task: TaskRecord, { endOf, goto }: Way): void {
  const owner = ownerOf(task.key);
  if (owner) {
    itemEnded(run, owner.send, task);
    return;
  }
  noteLatest(run, task);
  takeInjections(run, task);
  if (run.isStale(task.key)) return;
  if (goto) {
    jumpTo(run, task, goto.filter(isNode));
    return;
  }
  const back = backEdge(run, task, endOf);
  if (back) startGeneration(run, run.node(back.to));
  else endEdges(run, run.node(task.node), endOf);
}

/** Whoever reads the node from now on reads this iteration. */
function noteLatest(run: WorkingRun, { key, node }: TaskRecord): void {
  if (!run.head.jumps || !run.graph.readNodes.has(node)) return;
  const { iteration } = rootOf(key);
  if (iteration > (run.head.jumps.latest[node] ?? 0)) run.note({ jumps: { latest: { [node]: iteration } } });
}

/** The run's error is that of the task that ended it, with a hint where to look. */
function blame(error: TaskError, task: TaskRecord): TaskError {
  return { ...error, details: { ...error.details, node: task.node, taskId: task.id } };
}

function settledRow(run: WorkingRun): Pick<TaskRecord, 'settledStep' | 'settledAt'> {
  return { settledStep: run.head.step, settledAt: run.now };
}

/** Nothing wakes a task that has gone on. */
function clearTimers(run: WorkingRun, task: TaskRecord): void {
  if (task.lane !== null && run.node(task.node).queueTimeoutMs !== null) run.clearTimer(task.key, 'queue');
  if (task.waits === 'time' || task.waits === 'signal') run.clearTimer(task.key, 'wait');
  if (task.waits === 'answer' && task.detail?.kind === 'question' && task.detail.expiresAt !== null)
    run.clearTimer(task.key, 'expire');
}
