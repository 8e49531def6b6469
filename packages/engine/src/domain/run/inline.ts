/**
 * Nodes that need no worker: routes, transforms, those that begin to wait, and what was decided when they were armed (a skip, a
 * bad condition).
 */
import type { Json, JsonObject } from '@weft/contract';

import type { GraphNode } from '../graph/graph.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { startChild } from './children.ts';
import { expressionFailure, scopeOf } from './task-scope.ts';
import { keptSignal } from './kept-mail.ts';
import type { TaskRecord } from './records.ts';
import { failTask, settleTask, skipTask } from './settle-task.ts';
import { completeSends } from './complete-sends.ts';
import { sendOut } from './send-items.ts';
import { ask, beginWait, waitFor } from './waits.ts';
import type { WorkingRun } from './working-run.ts';

/** Settles armed inline nodes, first come first served, as far as the decision's budget goes (rule A11). */
export function settleInline(run: WorkingRun): void {
  completeSends(run);
  while (run.inlineBudget > 0 && !run.hasEnded) {
    const key = run.inline.shift();
    if (key === undefined) return;
    const task = run.task(key);
    if (task?.status !== 'ready') continue;
    settleOne(run, task);
    completeSends(run);
    run.inlineBudget -= 1;
  }
}

function settleOne(run: WorkingRun, task: TaskRecord): void {
  const { fate } = task;
  // What a loop has gone back over does not begin to wait.
  if (run.isStale(task.key) && begins(run.node(task.node))) skipTask(run, task, false);
  else if (fate?.kind === 'skip') skipTask(run, task, fate.failed);
  else if (fate) failTask(run, task, { error: fate.error, worker: null });
  else {
    const outcome = begin(run, task);
    if (outcome) settleTask(run, task, { outcome, worker: null });
  }
}

function begins({ type }: GraphNode): boolean {
  return type !== 'route' && type !== 'transform' && type !== 'task';
}

/** The outcome, or null if the node has begun to wait for it. */
function begin(run: WorkingRun, task: TaskRecord): Outcome | null {
  const node = run.node(task.node);
  let input: Json;
  try {
    if (node.type === 'route') return route(run, node, task);
    input = node.template?.render(scopeOf(run, node, task)) ?? null;
  } catch (error) {
    return { kind: 'failed', error: expressionFailure(error) };
  }
  switch (node.type) {
    case 'interrupt':
      ask(run, task, { node, message: input });
      return null;
    case 'wait':
      return wait(run, task, { node, until: input });
    case 'subgraph':
      return child(run, task, { node, input });
    case 'send':
      return send(run, task, input);
    default:
      return { kind: 'succeeded', output: input ?? {}, stateUpdates: (input ?? {}) as JsonObject };
  }
}

function route(run: WorkingRun, node: GraphNode, task: TaskRecord): Outcome {
  const value = routeText(node.on?.evaluate(scopeOf(run, node, task)) ?? null);
  if (node.routeValues.has(value) || node.hasDefault) return { kind: 'succeeded', output: { route: value } };
  const message = `no route of ${node.name} is for ${JSON.stringify(value)}, and it has no default`;
  return { kind: 'failed', error: { code: 'route_no_match', message, retryable: false } };
}

/** A route's value as text: strings as they are, numbers in decimal without a needless point, the rest as JSON. */
function routeText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A signal that has come already is taken at once. */
function wait(run: WorkingRun, task: TaskRecord, { node, until }: { node: GraphNode; until: Json }): Outcome | null {
  const name = node.wait?.signal ?? null;
  const kept = name === null ? null : keptSignal(run, name);
  if (kept && name !== null) {
    run.takenMail.push(kept.id);
    const note = { mail: kept.id, signal: name, kept: run.head.kept - 1 };
    const output = kept.payload['payload'] ?? null;
    settleTask(run, task, { outcome: { kind: 'succeeded', output }, worker: null, note });
    return null;
  }
  const result = waitFor(run, task, { node, until });
  if (result === null) return null;
  return result === 'over' ? { kind: 'succeeded', output: null } : { kind: 'failed', error: result };
}

function child(run: WorkingRun, task: TaskRecord, { node, input }: { node: GraphNode; input: Json }): Outcome | null {
  const started = startChild(run, task, { node, input });
  if (typeof started !== 'string') return { kind: 'failed', error: started };
  beginWait(run, task, { waits: 'child', detail: { kind: 'child', runId: started, seen: 0 } });
  return null;
}

function send(run: WorkingRun, task: TaskRecord, items: Json): Outcome | null {
  if (!Array.isArray(items)) {
    const message = `items is no array but ${JSON.stringify(items).slice(0, 100)}`;
    return { kind: 'failed', error: { code: 'bad_items', message, retryable: false } };
  }
  if (items.length === 0) return { kind: 'succeeded', output: [] };
  beginWait(run, task, { waits: 'items', detail: { kind: 'items', total: items.length } });
  sendOut(run, task, items);
  return null;
}
