/** Nodes that need no worker: routes, transforms, and what was decided when they were armed (a skip, a bad condition). */
import type { Json } from '@weft/contract';

import type { Outcome } from '../outcome/outcome.ts';
import type { GraphNode } from '../graph/graph.ts';
import { expressionFailure, scopeOf } from './flow.ts';
import type { TaskRecord } from './records.ts';
import { failTask, settleTask, skipTask } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** Inline steps that one transaction takes for one run; the rest goes on in the next (rule A11). */
export const MAX_INLINE_STEPS = 100;

/** Settles armed inline nodes, first come first served, up to `budget` of them. Returns how many were settled. */
export function settleInline(run: WorkingRun, budget: number): number {
  let settled = 0;
  while (settled < budget) {
    const key = run.inline.shift();
    if (key === undefined) break;
    const task = run.task(key);
    if (task?.status === 'ready') {
      settleOne(run, task);
      settled += 1;
    }
  }
  return settled;
}

function settleOne(run: WorkingRun, task: TaskRecord): void {
  const { fate } = task;
  if (fate?.kind === 'skip') skipTask(run, task, fate.failed);
  else if (fate) failTask(run, task, { error: fate.error, worker: null });
  else settleTask(run, task, { outcome: evaluate(run, task), worker: null });
}

function evaluate(run: WorkingRun, task: TaskRecord): Outcome {
  const node = run.node(task.node);
  try {
    return node.type === 'route' ? route(run, node, task) : transform(run, node, task);
  } catch (error) {
    return { kind: 'failed', error: expressionFailure(error) };
  }
}

function route(run: WorkingRun, node: GraphNode, task: TaskRecord): Outcome {
  const value = routeText(node.on?.evaluate(scopeOf(run, node, task)) ?? null);
  if (node.routeValues.has(value) || node.hasDefault) return { kind: 'succeeded', output: { route: value } };
  const message = `no route of ${node.name} is for ${JSON.stringify(value)}, and it has no default`;
  return { kind: 'failed', error: { code: 'route_no_match', message, retryable: false } };
}

function transform(run: WorkingRun, node: GraphNode, task: TaskRecord): Outcome {
  const updates = node.template?.render(scopeOf(run, node, task)) as { [channel: string]: Json };
  return { kind: 'succeeded', output: updates, stateUpdates: updates };
}

/** A route's value as text: strings as they are, numbers in decimal without a needless point, the rest as JSON. */
function routeText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
