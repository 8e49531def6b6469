/**
 * The tasks of a run where it branches off: what has finished stays, what was unsettled begins anew (rule C3). Each that begins
 * anew is a new row of the new epoch, so no outcome of an attempt before can reach it.
 */
import type { TaskError } from '@weft/contract';

import { taskId } from '../../ids.ts';
import { nodeOf } from '../../task-key.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { foldedTask } from '../fold.ts';
import type { FoldedTask } from '../fold.ts';
import { freshTask } from '../fresh.ts';
import type { BranchPoint, Failure, FinishedTask, TaskDetail, TaskProgress, TaskRecord } from '../records.ts';
import { LIVE_TASK } from '../status.ts';
import type { WorkingRun } from '../working-run.ts';

/** `fresh`: tasks that begin anew read the state as it is now; else each as it was when it became ready (rule A7). */
export type Departure = { point: BranchPoint; fresh: boolean };

/** Tasks whose rows hold as they are, and the new rows of the others. */
export type Standing = { finished: FinishedTask[]; anew: TaskRecord[] };

export function standingAt(run: WorkingRun, departure: Departure): Standing {
  const { point } = departure;
  const standing: Standing = { finished: [], anew: [] };
  const { epochs, progress } = point.fold;
  for (const [key, task] of progress.tasks) {
    if (holds(departure, key, task)) standing.finished.push({ key, epoch: epochs.get(key) ?? 0 });
    else standing.anew.push(anewOf(run, departure, key));
  }
  return standing;
}

function anewOf(run: WorkingRun, departure: Departure, key: string): TaskRecord {
  const task = foldedTask(departure.point.fold, key);
  if (!task) throw new Error(`${key} is not armed`);
  return LIVE_TASK.has(task.status) ? beginAnew(run, departure, task) : finishAgain(run, departure, task);
}

/** What has ended holds; but a task that failed, or was cancelled, may have been armed again since, and is if a failed run is retried. */
function holds(
  { point: { rows, step, fold }, fresh }: Departure,
  key: string,
  { status, attempt }: TaskProgress,
): boolean {
  if (LIVE_TASK.has(status)) return false;
  if (status !== 'failed' && status !== 'cancelled') return true;
  const row = fresh ? null : rows.get(key);
  if (row?.status !== status || row.attempt !== attempt || (row.settledStep ?? 0) > step) return false;
  return (fold.letters.get(key)?.discarded !== undefined) === (row.letter?.discarded !== undefined);
}

function finishAgain(run: WorkingRun, { point, fresh }: Departure, task: FoldedTask): TaskRecord {
  const { status, attempt, failures, crashes, blamed } = task;
  const failure = failureOf(point, task);
  const settled = status === 'failed' ? { settledStep: failure?.step ?? point.step, settledAt: run.now } : {};
  const counts = { status, attempt, failures, crashes, blamed };
  const row = newRow(run, { point, fresh }, task);
  const error = failure?.error ?? null;
  return { ...row, ...counts, ...settled, error, detail: endedDetail(run, point, { task, id: row.id }, error) };
}

/** Why it had failed, and in which step: its row says so as long as it was not armed again. */
export function failureOf(
  { rows, fold: { failures }, step }: BranchPoint,
  { key, attempt }: Pick<FoldedTask, 'key' | 'attempt'>,
): Failure | null {
  const row = rows.get(key);
  const { status, error = null, settledStep = null } = row ?? {};
  if (status === 'failed' && row?.attempt === attempt && error && settledStep !== null && settledStep <= step)
    return { error, step: settledStep };
  return failures.get(key) ?? null;
}

const HALTS: ReadonlySet<string> = new Set(['max_steps', 'max_iterations', 'engine_error']);

/** What a retry of the run must know of a task that had ended: the items of a send, a question, or that it may not go on. */
function endedDetail(run: WorkingRun, point: BranchPoint, again: Again, error: TaskError | null): TaskDetail | null {
  const { key, status } = again.task;
  const items = itemsOf(point, key);
  if (status === 'failed') {
    const row = point.rows.get(key);
    // What had failed by itself, and may not go on as it says then, is told from others by its row.
    const isHeld = row?.detail?.kind === 'halted' && row.status === status && row.attempt === again.task.attempt;
    const isHalted = isHeld || (error !== null && HALTS.has(error.code));
    return isHalted ? { kind: 'halted', items: items?.total ?? null } : items;
  }
  if (items) return items;
  const node = run.node(nodeOf(key));
  const row = rowOf(point, key);
  const asked = !row || row.detail?.kind === 'question' || (node.breaks.after && row.status === 'succeeded');
  return asked ? questionOf(run, point, { ...again, node }) : null;
}

/** What it reads stays what it was, unless that is to be `fresh`. */
function newRow(run: WorkingRun, { point, fresh }: Departure, { key, letter }: FoldedTask): TaskRecord {
  const { id, epoch, step, priority } = run.head;
  const node = run.node(nodeOf(key));
  const row = rowOf(point, key);
  const known = fresh ? null : row;
  const fate = row?.fate ?? null;
  const { readsAt, captured, iterations } = known ?? {
    readsAt: step,
    captured: fate ? null : run.capture(node),
    iterations: fate ? null : run.latestOf(node.resultReads),
  };
  return freshTask({
    key,
    epoch,
    id: taskId(id, epoch, key),
    node: node.name,
    readsAt,
    readyAt: run.now,
    lane: node.type === 'task' && !fate ? node.lane : null,
    priority: node.priority ?? priority,
    captured,
    iterations,
    item: point.rows.get(key)?.item ?? null,
    fate,
    letter,
  });
}

/** The row as it was armed before the run branches off; one that a breakpoint had held was armed anew when it was passed. */
function rowOf({ rows, step }: BranchPoint, key: string): TaskRecord | null {
  const row = rows.get(key);
  return row && row.readsAt <= step ? row : null;
}

/** Ready, or waiting for what comes by itself or is asked anew: timers keep their time, a child run is another one. */
function beginAnew(run: WorkingRun, departure: Departure, task: FoldedTask): TaskRecord {
  const row = newRow(run, departure, task);
  const waits = task.status === 'waiting' ? task.waits : null;
  const detail = detailOf(run, departure.point, { task, id: row.id });
  if (!detail || waits === null) return row;
  const waiting: TaskRecord = { ...row, status: 'waiting', waits, detail };
  if (detail.kind === 'wait') run.setTimer(waiting, 'wait', detail.dueAt);
  if (detail.kind === 'question' && detail.expiresAt !== null) run.setTimer(waiting, 'expire', detail.expiresAt);
  return waiting;
}

type Again = { task: FoldedTask; id: string };

/** What it goes on waiting for; null if it is ready. */
function detailOf(run: WorkingRun, point: BranchPoint, { task, id }: Again): TaskDetail | null {
  const node = run.node(nodeOf(task.key));
  switch (task.waits) {
    case 'time':
    case 'signal':
      return task.dueAt === null ? null : { kind: 'wait', dueAt: task.dueAt, signal: node.wait?.signal ?? null };
    case 'items':
      return itemsOf(point, task.key);
    case 'answer':
      return questionOf(run, point, { task, id, node });
    default:
      return null;
  }
}

export function itemsOf({ rows }: BranchPoint, key: string): Extract<TaskDetail, { kind: 'items' }> | null {
  const detail = rows.get(key)?.detail;
  if (detail?.kind === 'items') return detail;
  const total = detail?.kind === 'halted' ? detail.items : detail?.kind === 'question' ? detail.held?.items : null;
  return typeof total === 'number' ? { kind: 'items', total } : null;
}

/** The same question under an id of its own. One whose row says nothing of it any more is rendered again. */
function questionOf(
  run: WorkingRun,
  point: BranchPoint,
  { task: { key }, id, node }: Again & { node: GraphNode },
): TaskDetail | null {
  const row = rowOf(point, key);
  if (!row) {
    return { kind: 'question', id: run.questionId(key, 'before'), at: 'before', message: null, expiresAt: null };
  }
  const { detail } = row;
  // Whether there is money is found out anew.
  if (detail?.kind === 'question' && detail.means) return null;
  if (detail?.kind === 'question') return { ...detail, id: detail.at === 'node' ? id : run.questionId(key, detail.at) };
  if (node.type === 'interrupt' || row.status !== 'succeeded') return null;
  // The breakpoint after it was passed.
  const items = detail?.kind === 'items' ? detail.total : null;
  const goto = detail?.kind === 'jumped' ? (detail.to ?? null) : detail?.kind === 'pending' ? detail.goto : null;
  const pending = detail?.kind === 'pending' ? { pending: detail } : {};
  const held = { output: items === null ? row.output : null, goto, items, ...pending };
  return { kind: 'question', id: run.questionId(key, 'after'), at: 'after', message: null, expiresAt: null, held };
}
