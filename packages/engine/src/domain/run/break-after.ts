/** Breakpoints after a node: its result is held back until somebody passes it (rule B8). */
import type { Json } from '@weft/contract';

import { endAfterSuccess } from './edge-ends.ts';
import { failRun } from './end-run.ts';
import type { PendingDetail, TaskDetail, TaskRecord } from './records.ts';
import { blame, settledRow } from './settled.ts';
import { conclude, refuseWay } from './way-on.ts';
import type { Way } from './way-on.ts';
import type { WorkingRun } from './working-run.ts';

/** A breakpoint after a node holds its result back until somebody passes it. */
export function stopAfter(
  run: WorkingRun,
  task: TaskRecord,
  held: { output: Json; goto: string[] | null; worker: string | null; pending: PendingDetail | null },
) {
  const { output, goto, worker, pending } = held;
  const id = run.questionId(task.key, 'after');
  const items = task.detail?.kind === 'items' ? task.detail.total : null;
  const detail = {
    kind: 'question',
    id,
    at: 'after',
    message: null,
    expiresAt: null,
    held: { output, goto, items, ...(pending && { pending }) },
  } as const;
  run.change(task, { status: 'waiting', attempt: task.attempt, waits: 'answer' }, { detail, error: null, worker });
}

/** Goes on from a breakpoint after a node, in a step that says so. */
export function passAfter(run: WorkingRun, task: TaskRecord): void {
  if (task.detail?.kind !== 'question' || !task.detail.held) throw new Error(`the task ${task.key} holds no result`);
  const { output, goto, items, pending } = task.detail.held;
  const node = run.node(task.node);
  const way: Way = { endOf: (edge) => endAfterSuccess(node, edge, output), goto };
  const error = refuseWay(run, task, way);
  if (error) {
    const detail = { kind: 'halted', items } as const;
    run.change(task, { status: 'failed', attempt: task.attempt, error }, { ...settledRow(run), error, detail });
    failRun(run, blame(error, task));
    return;
  }
  const row = { ...settledRow(run), output, detail: pending ?? passedDetail(goto, items) };
  run.change(task, { status: 'succeeded', attempt: task.attempt }, row);
  conclude(run, task, way);
}

function passedDetail(goto: string[] | null, items: number | null): TaskDetail | null {
  if (goto) return { kind: 'jumped', to: goto };
  return items === null ? null : { kind: 'items', total: items };
}
