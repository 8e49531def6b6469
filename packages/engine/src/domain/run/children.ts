/** Child runs: begun by mail to a run that does not exist yet, ended by mail to the parent (rule A10). */
import type { Json, JsonObject, TaskError } from '@weft/contract';

import type { Payer, RunBudget } from '../budget/payer.ts';
import type { GraphNode } from '../graph/graph.ts';
import { childRunId } from '../ids.ts';
import type { TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** How deep child runs may lie below a run without parent. */
const MAX_DEPTH = 10;

/** What a child run is begun with; the payload of mail of kind `start`. */
export type ChildStart = {
  tenant: string;
  workflow: { name: string; version: number | null };
  input: Json;
  config: Json;
  priority: number;
  parent: { runId: string; key: string; epoch: number; depth: number };
  /** What its node lets it spend, and who pays for the parent; left out where there is nothing to say. */
  budget?: RunBudget;
  payer?: Payer;
};

/** The id of the task's child, and the mail that asks for it; an error if it would lie too deep. */
export function startChild(
  run: WorkingRun,
  task: TaskRecord,
  { node, input }: { node: GraphNode; input: Json },
): string | TaskError {
  const { head, now } = run;
  const depth = (head.parent?.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) {
    return { code: 'too_deep', message: `child runs lie at most ${MAX_DEPTH} deep`, retryable: false };
  }
  const id = childRunId(now, `${task.id} ${task.attempt}`);
  const { workflow = '', version = null } = node.child ?? {};
  const payload: ChildStart = {
    tenant: head.workflow.tenant,
    workflow: { name: workflow, version },
    input,
    config: run.body().config,
    priority: task.priority,
    parent: { runId: head.id, key: task.key, epoch: task.epoch, depth },
    ...(node.child?.budget && { budget: node.child.budget }),
    ...(head.payer && { payer: head.payer }),
  };
  run.sentMail.push({ to: id, kind: 'start', payload, dedupeKey: 'start' });
  return id;
}

/** Ends the child of a task that does not wait for it any more, unless its node lets it go on by itself. */
export function closeChild(run: WorkingRun, task: TaskRecord): void {
  if (task.detail?.kind !== 'child' || run.node(task.node).child?.isAbandoned) return;
  const payload = { reason: `its parent ${run.head.id} does not wait for it any more` };
  run.sentMail.push({ to: task.detail.runId, kind: 'cancel', payload, dedupeKey: `parent ${run.head.epoch}` });
}

/** Closes the children of a run that ends early. */
export function closeChildren(run: WorkingRun): void {
  if (!run.graph.hasChildren) return;
  for (const task of run.waitingTasks()) closeChild(run, task);
}

/** Tells the parent, if there is one, how the run stands now. */
export function tellParent(
  run: WorkingRun,
  kind: 'child_ended' | 'child_asks' | 'child_runs',
  more: JsonObject = {},
): void {
  const { parent, id, epoch, step } = run.head;
  if (!parent) return;
  const payload = { key: parent.key, epoch: parent.epoch, runId: id, step, ...more };
  const dedupeKey = kind === 'child_ended' ? `${kind} ${id} ${epoch}` : `${kind} ${id} ${step}`;
  run.sentMail.push({ to: parent.runId, kind, payload, dedupeKey });
}
