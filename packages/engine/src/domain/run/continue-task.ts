/** An attempt is over, and its task is not: a turn of a conversation, an answer that is still to come, or no place to go to. */
import type { Json, TaskError } from '@weft/contract';

import { taskId } from '../ids.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { TaskRecord } from './records.ts';
import { clearTimers } from './settled.ts';
import { refuseUpdates } from './state-updates.ts';
import type { WorkingRun } from './working-run.ts';

type Again = Extract<Outcome, { kind: 'again' }>;

/** Why an attempt cannot end so; null if it can. */
export function refuseTurn({ graph }: WorkingRun, { stateUpdates }: Again): TaskError | null {
  if (!stateUpdates) return null;
  if (!graph.superstep) return refuseUpdates(graph, Object.entries(stateUpdates));
  const message = 'in superstep mode a task writes to the state when it has ended, and not with each turn';
  return { code: 'turn_updates_in_superstep', message, retryable: false };
}

/** The task runs again with the memo, now or once it is due; neither costs it a failure. */
export function continueTask(
  run: WorkingRun,
  task: TaskRecord,
  { outcome, worker }: { outcome: Again; worker: string | null },
): void {
  const { placed, note, isTurn, stateUpdates = {} } = outcome;
  clearTimers(run, task);
  run.openStep('task_continued', { task, worker });
  if (placed || note) run.note({ ...(placed && { placed }), ...(note && { note }) });
  for (const [channel, update] of Object.entries(stateUpdates)) run.write(channel, update);
  if (outcome.asks) askForMeans(run, task, outcome.asks, outcome.memo);
  else if (isTurn) beginTurn(run, task, outcome);
  else if (outcome.afterMs > 0) wait(run, task, outcome);
  else {
    run.change(task, { status: 'ready', attempt: task.attempt + 1 }, { detail: memoOf(outcome, task) });
    run.handOut(task);
  }
}

type MemoDetail = Extract<TaskRecord['detail'], { kind: 'memo' }>;

function memoOf({ memo, keepsPlace }: Again, { detail }: TaskRecord): MemoDetail | null {
  const next = memoDetail(memo, detail?.kind === 'memo' ? (detail.failingSince ?? null) : null);
  return keepsPlace ? { kind: 'memo', memo, ...next, keepsPlace } : next;
}

/** What the next attempt has to know; null: nothing. */
export function memoDetail(memo: Json, since: number | null): MemoDetail | null {
  if (memo === null && since === null) return null;
  return { kind: 'memo', memo, ...(since !== null && { failingSince: since }) };
}

/** When the first attempt began of those that have failed; where nothing was kept of it, this one is the first. */
export function failingSince({ detail, startedAt, readyAt }: TaskRecord): number {
  return (detail?.kind === 'memo' ? detail.failingSince : undefined) ?? startedAt ?? readyAt;
}

function wait(run: WorkingRun, task: TaskRecord, outcome: Again): void {
  const dueAt = run.now + Math.ceil(outcome.afterMs);
  const row = { worker: null, startedAt: null, detail: memoOf(outcome, task) };
  run.change(task, { status: 'waiting', attempt: task.attempt + 1, dueAt }, row);
  run.setTimer(task, 'retry', dueAt);
}

/** It waits for people to let it spend more; each time is a question of its own. */
function askForMeans(
  run: WorkingRun,
  task: TaskRecord,
  { message, budget }: NonNullable<Again['asks']>,
  memo: Json,
): void {
  const id = taskId(run.head.id, run.head.epoch, `means ${task.attempt} ${task.key}`);
  const detail = { kind: 'question', id, at: 'node', message, expiresAt: null, means: { budget, memo } } as const;
  const row = { worker: null, startedAt: null, detail };
  run.change(task, { status: 'waiting', attempt: task.attempt + 1, waits: 'answer' }, row);
}

/** People have answered whether a task may spend more: it runs again, or fails. In the step that says so. */
export function grantMeans(run: WorkingRun, task: TaskRecord, memo: Json): void {
  run.change(task, { status: 'ready', attempt: task.attempt }, { detail: memoDetail(memo, null) });
  run.handOut(task);
}

/** It is armed anew, so that it reads what the run knows by now. */
function beginTurn(run: WorkingRun, task: TaskRecord, outcome: Again): void {
  const { key, item, attempt } = task;
  run.change(task, { status: 'pending', attempt });
  run.arm(run.node(task.node), { key, fate: null, item, passes: true, again: task });
  const next = run.task(key);
  // Its failures count anew, and so does their time.
  if (next) next.detail = memoDetail(outcome.memo, null);
}
