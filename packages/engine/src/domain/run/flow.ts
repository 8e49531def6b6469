/** How results travel along edges: edges end, joins decide, nodes are armed or skipped (rules B1, B2, B10). */
import type { Json, JsonObject, TaskError } from '@weft/contract';

import { ExpressionError } from '../expression/expression-error.ts';
import type { Scope } from '../expression/scope.ts';
import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import { joinVerdict } from '../graph/join.ts';
import type { EdgeEnd, Verdict } from '../graph/join.ts';
import type { Fate, TaskRecord } from './records.ts';
import { addReadsBehind, covers, firstKey, mergeReads, noReads } from './reads.ts';
import { NeedsMore } from './working-run.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends all edges that leave `node`, as `endOf` says, and arms what that fires. */
export function endEdges(run: WorkingRun, node: GraphNode, endOf: (edge: Edge) => EdgeEnd): void {
  expectBehind(run, node);
  for (const edge of node.out) endEdge(run, run.node(edge.to), { end: endOf(edge), isGoto: edge.kind === 'goto' });
}

/** Begins the run: nodes without inbound edges fire, edges from `__start__` end as taken. */
export function beginRun(run: WorkingRun): void {
  for (const name of run.graph.starts) {
    const node = run.node(name);
    if (node.inDegree === 0) activate(run, node, 'fire');
    else endEdge(run, node, { end: 'taken', isGoto: false });
  }
}

/** The values that a node's expressions may read, as its task saw them when it became ready (rule A7). */
export function scopeOf(run: WorkingRun, node: GraphNode, task: Pick<TaskRecord, 'readsAt' | 'captured'>): Scope {
  const { input, config } = run.body();
  const results = node.resultReads.map((name) => [name, run.result(name, task.readsAt)] as const);
  return {
    input,
    config,
    state: task.captured ?? {},
    nodes: Object.fromEntries(
      results.filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] => entry[1] !== null),
    ),
  };
}

/** An expression's failure as the failure of its task. Anything else is the engine's own and goes on. */
export function expressionFailure(error: unknown): TaskError {
  if (!(error instanceof ExpressionError)) throw error;
  return { code: error.code, message: error.message, retryable: false };
}

/** Asks for all that lies behind the node at once, not for one join after the other. */
function expectBehind(run: WorkingRun, node: GraphNode): void {
  if (run.isNew) return;
  const wanted = noReads();
  addReadsBehind(wanted, run.graph, node);
  if (!covers(run.snapshot.reads, wanted)) throw new NeedsMore((more) => mergeReads(more, wanted));
}

/** A goto fires its target at once, whatever the join; edges that end later are absorbed (rule B4). */
function endEdge(run: WorkingRun, target: GraphNode, { end, isGoto }: { end: EdgeEnd; isGoto: boolean }): void {
  const counts = { ended: 1, taken: end === 'taken' ? 1 : 0, failed: end === 'failed' ? 1 : 0 };
  if (target.inDegree <= 1) {
    activate(run, target, joinVerdict(target.join, target.inDegree, counts));
    return;
  }
  const key = firstKey(target.name);
  const join = run.join(key) ?? { key, ended: 0, taken: 0, failed: 0, fired: false };
  if (join.fired) return;
  const after = {
    ended: join.ended + counts.ended,
    taken: join.taken + counts.taken,
    failed: join.failed + counts.failed,
  };
  const verdict = isGoto && end === 'taken' ? 'fire' : joinVerdict(target.join, target.inDegree, after);
  run.setJoin({ key, ...after, fired: verdict !== 'wait' });
  activate(run, target, verdict);
}

function activate(run: WorkingRun, node: GraphNode, verdict: Verdict): void {
  if (verdict === 'wait') return;
  const fate = verdict === 'fire' ? conditionFate(run, node) : skipFate(verdict === 'skipFailed');
  run.arm(firstKey(node.name), node, { fate });
}

function skipFate(failed: boolean): Fate {
  return { kind: 'skip', failed };
}

function conditionFate(run: WorkingRun, node: GraphNode): Fate | null {
  if (!node.when) return null;
  const captured: JsonObject | null = run.capture(node.stateReads);
  try {
    const holds: Json = node.when.evaluate(scopeOf(run, node, { readsAt: run.head.step, captured }));
    if (typeof holds === 'boolean') return holds ? null : skipFate(false);
    const message = `the condition of ${node.name} gave ${JSON.stringify(holds)?.slice(0, 100)}, not true or false`;
    return { kind: 'fail', error: { code: 'expression_failed', message, retryable: false } };
  } catch (error) {
    return { kind: 'fail', error: expressionFailure(error) };
  }
}
