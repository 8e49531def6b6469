/** Nodes that need no worker: routes, transforms, and what was decided when they were armed (a skip, a bad condition). */
import type { Json, JsonObject } from '@weft/contract';

import type { GraphNode } from '../graph/graph.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { expressionFailure, scopeOf } from './flow.ts';
import type { TaskRecord } from './records.ts';
import { failTask, settleTask, skipTask } from './settle-task.ts';
import type { WorkingRun } from './working-run.ts';

/** Settles armed inline nodes, first come first served, as far as the decision's budget goes (rule A11). */
export function settleInline(run: WorkingRun): void {
  while (run.inlineBudget > 0) {
    const key = run.inline.shift();
    if (key === undefined) return;
    const task = run.task(key);
    if (task?.status !== 'ready') continue;
    settleOne(run, task);
    run.inlineBudget -= 1;
  }
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
  const updates = (node.template?.render(scopeOf(run, node, task)) ?? {}) as JsonObject;
  return { kind: 'succeeded', output: updates, stateUpdates: updates };
}

/** A route's value as text: strings as they are, numbers in decimal without a needless point, the rest as JSON. */
function routeText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
