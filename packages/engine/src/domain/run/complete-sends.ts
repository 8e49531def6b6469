/** Sends of which items have ended: the next items are armed, or the send ends itself (rule B7). */
import type { TaskError } from '@weft/contract';

import { itemsKey } from './reads.ts';
import type { JoinRecord, TaskRecord } from './records.ts';
import { refill } from './send-items.ts';
import { failForGood, settleTask } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** A run that has branched off between the end of an item and what its send made of it goes on with the send. */
export function resumeSends(run: WorkingRun): void {
  for (const task of run.waitingTasks()) {
    if (task.waits !== 'items' || task.detail?.kind !== 'items') continue;
    const count = run.join(itemsKey(task.key));
    if (!count || !isDue(run, task, { count, total: task.detail.total })) continue;
    run.openStep('task_waiting', { task });
    run.dueSends.add(task.key);
    completeSends(run);
  }
}

function isDue(run: WorkingRun, task: TaskRecord, { count, total }: { count: JoinRecord; total: number }): boolean {
  const { concurrency = 0, failsWithItem = false } = run.node(task.node).send ?? {};
  return (
    count.ended >= total ||
    (failsWithItem && count.failed > 0) ||
    count.taken < Math.min(total, count.ended + concurrency)
  );
}

/** A send that ends may itself be an item, so that its own send is due. */
export function completeSends(run: WorkingRun): void {
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const key of run.dueSends) {
    run.dueSends.delete(key);
    const task = run.task(key);
    const count = run.join(itemsKey(key));
    if (run.hasEnded || task?.waits !== 'items' || task.detail?.kind !== 'items' || !count) continue;
    goOnWith(run, task, { count, total: task.detail.total });
  }
}

function goOnWith(run: WorkingRun, task: TaskRecord, { count, total }: { count: JoinRecord; total: number }): void {
  const isOver = count.ended >= total;
  const fails = count.failed > 0 && (run.node(task.node).send?.failsWithItem ?? false);
  if (!isOver && !fails) {
    refill(run, task);
    return;
  }
  // The step of the item that ended last says that the send's count is closed.
  run.setJoin({ ...count, fired: true });
  if (fails) failForGood(run, task, { error: itemFailure(count, total), worker: null });
  else settleSend(run, task, total);
}

function itemFailure({ failed }: JoinRecord, total: number): TaskError {
  const message = failed === 1 ? `an item of ${total} has failed` : `${failed} items of ${total} have failed`;
  return { code: 'item_failed', message, retryable: false };
}

/** The array of outputs is put together only if something reads it now; it is stored with the items. */
function settleSend(run: WorkingRun, task: TaskRecord, total: number): void {
  const node = run.node(task.node);
  const isRead = node.output !== null || node.outputMapping.length > 0;
  const output = isRead ? run.outputsOfItems(task, total) : null;
  settleTask(run, task, { outcome: { kind: 'succeeded', output }, worker: null });
}
