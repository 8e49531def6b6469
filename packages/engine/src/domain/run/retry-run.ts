/** Retrying a failed run: what failed or was aborted is armed again, and what waited for it waits anew (rule B3). */
import type { GraphNode } from '../graph/graph.ts';
import { firstKey } from './reads.ts';
import type { TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Reopens a failed run. The caller has loaded every task and join. */
export function retryRun(run: WorkingRun): void {
  run.openStep('retried');
  run.changeRun({ status: 'running', epoch: run.head.epoch + 1 });
  run.ending = { error: null };
  const tasks = Array.from(run.tasks.values()).toSorted(asArmed);
  for (const task of tasks) {
    const node = run.node(task.node);
    if (task.status === 'failed' && node.onFailure === 'skipDependents') reopenBehind(run, node);
  }
  for (const task of tasks) {
    if (run.tasks.has(task.key) && isUnfinished(task, run.node(task.node))) rearm(run, task);
  }
}

/** In the order in which they were armed, whatever that of the rows is. */
function asArmed(a: TaskRecord, b: TaskRecord): number {
  return a.readsAt - b.readsAt || (a.key < b.key ? -1 : 1);
}

/** A failure that the run had swallowed (`continue`, goto) stays as it is: others have gone on from it. */
function isUnfinished(task: TaskRecord, { onFailure }: GraphNode): boolean {
  if (task.status === 'failed') return onFailure === 'failRun' || onFailure === 'skipDependents';
  return task.status === 'cancelled';
}

/** Its input stays what it was; a timer that the end of the run has left behind has nothing to wake. */
function rearm(run: WorkingRun, task: TaskRecord): void {
  if (run.snapshot.tasks.get(task.key)?.status === 'waiting') run.clearTimer(task.key, 'retry');
  run.change(
    task,
    { status: 'ready', attempt: task.attempt + 1, failures: 0, crashes: 0 },
    { error: null, settledStep: null, settledAt: null },
  );
  run.handOut(task);
}

/** Takes back what ended because `source` had failed: its edges, and the tasks that came of them and are not finished. */
function reopenBehind(run: WorkingRun, source: GraphNode): void {
  const reopened = [source];
  for (const node of reopened) {
    for (const edge of node.out) {
      const target = run.node(edge.to);
      const task = run.tasks.get(firstKey(edge.to));
      const waitsAnew = task !== undefined && waitedForFailure(run, target, task);
      reopenJoin(run, target, waitsAnew);
      if (!waitsAnew) continue;
      if (task.status === 'skipped') reopened.push(target);
      run.change(task, { status: 'pending', attempt: task.attempt });
    }
  }
}

/**
 * A node that was (to be) skipped because of the failure, or one that had waited for all its edges, this one among them, and has
 * to be done again anyway. What has finished stays: the edge that ends again is absorbed.
 */
function waitedForFailure(run: WorkingRun, node: GraphNode, task: TaskRecord): boolean {
  if (task.fate?.kind === 'skip') return task.fate.failed;
  const ended = run.joins.get(task.key)?.ended;
  return isUnfinished(task, node) && node.join === 'allDone' && ended === node.inDegree;
}

/** A join that has fired and stands has perhaps not even counted the edge. */
function reopenJoin(run: WorkingRun, { name }: GraphNode, waitsAnew: boolean): void {
  const join = run.joins.get(firstKey(name));
  if (!join || (join.fired && !waitsAnew)) return;
  const { key, ended, taken, failed } = join;
  run.setJoin({ key, ended: ended - 1, taken, failed: failed - 1, fired: false });
}
