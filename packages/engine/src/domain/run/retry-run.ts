/** Retrying a failed run: what failed or was aborted is armed again, and what was skipped because of it waits anew. */
import type { GraphNode } from '../graph/graph.ts';
import type { EdgeEnd } from '../graph/join.ts';
import { firstKey } from './reads.ts';
import { LIVE_TASK } from './records.ts';
import type { TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Reopens a failed run (rule B3). The caller has loaded every task and join. */
export function retryRun(run: WorkingRun): void {
  run.openStep('retried');
  run.changeRun({ status: 'running', epoch: run.head.epoch + 1 });
  run.ending = { error: null };
  for (const task of [...run.tasks.values()]) {
    const node = run.node(task.node);
    if (task.status === 'failed' && node.onFailure === 'skipDependents') reopenBehind(run, node);
    if (isUnfinished(task, node)) rearm(run, task, node);
  }
}

/** A failure that the run had swallowed (`continue`, goto) stays as it is: others have gone on from it. */
function isUnfinished(task: TaskRecord, node: GraphNode): boolean {
  if (task.status === 'failed') return node.onFailure === 'failRun' || node.onFailure === 'skipDependents';
  return task.status === 'cancelled' || LIVE_TASK.has(task.status);
}

function rearm(run: WorkingRun, task: TaskRecord, node: GraphNode): void {
  const fact = { key: task.key, status: 'ready', attempt: task.attempt + 1, failures: 0, crashes: 0 } as const;
  run.change(fact, { error: null, settledStep: null, settledAt: null });
  if (node.type === 'task' && !task.fate) run.makeReady(task, node);
  else run.inline.push(task.key);
}

/** Takes back what ended because `source` had failed: the edges, and the nodes that were skipped over them. */
function reopenBehind(run: WorkingRun, source: GraphNode): void {
  const queue: { node: GraphNode; end: EdgeEnd }[] = [{ node: source, end: 'failed' }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    for (const edge of next.node.out) {
      const target = run.node(edge.to);
      const key = firstKey(edge.to);
      const task = run.tasks.get(key);
      const skipped = task?.status === 'skipped';
      reopenJoin(run, key, { end: next.end, skipped });
      if (!task || !skipped) continue;
      run.change({ key, status: 'pending', attempt: task.attempt });
      queue.push({ node: target, end: task.fate?.kind === 'skip' && task.fate.failed ? 'failed' : 'notTaken' });
    }
  }
}

/** A join that has fired for another reason keeps what it has: the edge that ends again is absorbed. */
function reopenJoin(run: WorkingRun, key: string, { end, skipped }: { end: EdgeEnd; skipped: boolean }): void {
  const join = run.joins.get(key);
  if (!join || (join.fired && !skipped)) return;
  const { ended, taken, failed } = join;
  run.setJoin({ key, ended: ended - 1, taken, failed: failed - (end === 'failed' ? 1 : 0), fired: false });
}
