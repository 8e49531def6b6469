/** Retrying a failed run: what failed or was aborted is armed again, and what waited for it waits anew (rule B3). */
import type { GraphNode } from '../graph/graph.ts';
import { ownerOf } from '../task-key.ts';
import { asArmed } from './as-armed.ts';
import { failRun } from './end-run.ts';
import { EVERYTHING, letterAgain } from './letters/again.ts';
import type { Again } from './letters/again.ts';
import { itemsKey } from './reads.ts';
import type { TaskRecord } from './records.ts';
import { clearWaitTimer } from './settled.ts';
import { overLimit, rejoin } from './superstep/release.ts';
import type { WorkingRun } from './working-run.ts';

/** Reopens a failed run, with all that has kept it from succeeding. The caller has loaded every task and join. */
export function retryRun(run: WorkingRun): void {
  run.openStep('retried');
  takeUp(run, EVERYTHING);
}

/** Arms again in the open step, and reopens the run if it has ended. The caller has loaded all that this will look at. */
export function takeUp(run: WorkingRun, again: Again): void {
  if (run.hasEnded) {
    run.changeRun({ status: 'running', epoch: run.head.epoch + 1 });
    run.ending = { error: null };
  }
  const tasks = Array.from(run.tasks.values()).toSorted(asArmed);
  const blamed = tasks.filter((task) => task.blamed && isUnfinished(run, task, again));
  if (run.graph.superstep) rejoin(run, blamed);
  else for (const task of blamed) if (isTop(run, task)) reopenBehind(run, run.node(task.node), again);
  const unfinished = tasks.filter((task) => run.tasks.has(task.key) && isUnfinished(run, task, again));
  const failedItems = Map.groupBy(
    unfinished.filter(({ status }) => status === 'failed'),
    ({ key }) => ownerOf(key)?.send,
  );
  const waitingSends = new Set(tasks.flatMap(({ key, waits }) => (waits === 'items' ? [key] : [])));
  for (const task of unfinished) rearm(run, task, { again, failedItems: failedItems.get(task.key)?.length ?? 0 });
  for (const send of waitingSends) uncount(run, send, failedItems.get(send)?.length ?? 0);
  // A send that stays aborted waits for no items.
  for (const { key, status } of tasks) if (status === 'cancelled') closeCount(run, key);
  const error = run.graph.superstep ? overLimit(run) : null;
  if (error) failRun(run, error);
}

/** Whether the task is at the top, and no loop has gone back over it. */
function isTop(run: WorkingRun, { key }: TaskRecord): boolean {
  return ownerOf(key) === null && !run.isStale(key);
}

/** Whether the task is armed again. A failure that the run had swallowed (`continue`, goto) stays unless it is named; so do others. */
export function isUnfinished(run: WorkingRun, task: TaskRecord, again: Again = EVERYTHING): boolean {
  const isAborted = task.status === 'cancelled';
  if (!isAborted && task.status !== 'failed') return false;
  if (again.named.has(task.key)) return true;
  if (isAborted && task.letter?.alone) return again.reopens;
  const owner = ownerOf(task.key);
  if (owner) return isWanted(run, owner.send, { isAborted, again });
  if (run.isStale(task.key)) return false;
  const { onFailure } = run.node(task.node);
  if (isAborted || onFailure === 'failRun' || task.detail?.kind === 'halted') return again.reopens;
  return again.all && onFailure === 'skipDependents';
}

/**
 * Whether the send waits for the item again: for one that was aborted if the send goes on itself, for one that has failed if that is
 * what the send, or one above it, has failed for.
 */
function isWanted(run: WorkingRun, send: string, { isAborted, again }: { isAborted: boolean; again: Again }): boolean {
  const task = run.tasks.get(send);
  if (!task || !isUnfinished(run, task, again)) return false;
  return isAborted || (run.node(task.node).send?.failsWithItem ?? false);
}

/** A send that goes on waits for these items again. */
function uncount(run: WorkingRun, send: string, failedItems: number): void {
  const count = run.joins.get(itemsKey(send));
  if (!count || failedItems === 0) return;
  run.setJoin({ ...count, ended: count.ended - failedItems, failed: count.failed - failedItems });
}

/**
 * Its input stays what it was; a timer that the end of the run has left behind has nothing to wake. A breakpoint that nobody has
 * passed is asked anew. Of a send, `failedItems` have not ended any more.
 */
function rearm(run: WorkingRun, task: TaskRecord, { again, failedItems }: { again: Again; failedItems: number }): void {
  const before = run.snapshot.tasks.get(task.key);
  if (before) clearWaitTimer(run, before);
  const letter = letterAgain(task, again);
  const anew = { attempt: task.attempt + 1, failures: 0, crashes: 0, ...(letter && { letter }) };
  const blank = { error: null, settledStep: null, settledAt: null };
  const { detail } = task;
  if (detail?.kind === 'child' && again.child === task.key) {
    run.change(task, { status: 'waiting', waits: 'child', ...anew }, blank);
    return;
  }
  if (detail?.kind === 'question' && detail.at !== 'node') {
    const asked = { ...detail, id: run.questionId(task.key, detail.at) };
    run.change(task, { status: 'waiting', waits: 'answer', ...anew }, { ...blank, detail: asked });
    return;
  }
  const total = itemsOf(detail);
  const count = run.joins.get(itemsKey(task.key));
  if (total !== null && count) {
    run.change(task, { status: 'waiting', waits: 'items', ...anew }, { ...blank, detail: { kind: 'items', total } });
    run.setJoin({ ...count, ended: count.ended - failedItems, failed: count.failed - failedItems, fired: false });
    // All of its items may have ended already.
    run.dueSends.add(task.key);
    return;
  }
  run.change(task, { status: 'ready', ...anew }, { ...blank, detail: null });
  run.handOut(task);
}

function itemsOf(detail: TaskRecord['detail']): number | null {
  if (detail?.kind === 'items') return detail.total;
  return detail?.kind === 'halted' ? detail.items : null;
}

/** Takes back what ended because `source` had failed: its edges, and the tasks that came of them and are not finished. */
function reopenBehind(run: WorkingRun, source: GraphNode, again: Again): void {
  const reopened = [source];
  for (const node of reopened) {
    for (const edge of node.out) {
      const target = run.node(edge.to);
      if (run.graph.backs.has(edge)) continue;
      const task = run.tasks.get(run.keyOf(edge.to));
      const waitsAnew = task !== undefined && waitedForFailure(run, target, { task, again });
      reopenJoin(run, target, waitsAnew);
      if (!waitsAnew) continue;
      if (task.status === 'skipped') reopened.push(target);
      takeBack(run, task);
    }
  }
}

function closeCount(run: WorkingRun, send: string): void {
  const count = run.joins.get(itemsKey(send));
  if (count && !count.fired) run.setJoin({ ...count, fired: true });
}

/** A send is taken back with its items: it may have others when it is armed anew. */
function takeBack(run: WorkingRun, task: TaskRecord): void {
  const isItem = ({ key }: TaskRecord): boolean => key.startsWith(`${task.key}[`);
  const items = task.detail ? Array.from(run.tasks.values()).filter(isItem) : [];
  for (const { key } of [task, ...items]) closeCount(run, key);
  for (const each of [task, ...items]) run.change(each, { status: 'pending', attempt: each.attempt });
}

/**
 * A node that was (to be) skipped because of the failure, or one that had waited for all its edges, this one among them, and has
 * to be done again anyway. What has finished stays: the edge that ends again is absorbed.
 */
function waitedForFailure(
  run: WorkingRun,
  node: GraphNode,
  { task, again }: { task: TaskRecord; again: Again },
): boolean {
  if (task.fate?.kind === 'skip') return task.fate.failed;
  const ended = run.joins.get(task.key)?.ended;
  return isUnfinished(run, task, again) && node.join === 'allDone' && ended === node.inDegree;
}

/** A join that has fired and stands has perhaps not even counted the edge. */
function reopenJoin(run: WorkingRun, { name }: GraphNode, waitsAnew: boolean): void {
  const join = run.joins.get(run.keyOf(name));
  if (!join || (join.fired && !waitsAnew)) return;
  const { key, ended, taken, failed } = join;
  run.setJoin({ key, ended: ended - 1, taken, failed: failed - 1, fired: false });
}
