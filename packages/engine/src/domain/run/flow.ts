/** How results travel along edges: edges end, joins decide, nodes are armed or skipped (rules B1, B2, B10). */
import type { Json, TaskError } from '@weft/contract';

import { ExpressionError } from '../expression/expression-error.ts';
import type { Scope } from '../expression/scope.ts';
import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import { joinVerdict } from '../graph/join.ts';
import type { EdgeEnd, Verdict } from '../graph/join.ts';
import { addReadsBehind, addSettleReads, firstKey, LOOKAHEAD, noReads } from './reads.ts';
import type { Fate, TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends all edges that leave `node`, as `endOf` says, and arms what that fires. */
export function endEdges(run: WorkingRun, node: GraphNode, endOf: (edge: Edge) => EdgeEnd): void {
  const ends = node.out.map((edge) => ({ target: run.node(edge.to), end: endOf(edge), isGoto: edge.kind === 'goto' }));
  expectBehind(run, node, { dead: ends.every(({ end }) => end !== 'taken') });
  for (const { target, ...edge } of ends) endEdge(run, target, edge);
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
  run.expect({ ...noReads(), tasks: new Set(node.resultReads.map(firstKey)), body: true });
  const { input, config } = run.body();
  return { input, config, state: task.captured ?? {}, nodes: resultsOf(run, node.resultReads, task.readsAt) };
}

/** Those of the nodes that have settled, as the tasks see them that were readied by step `readsAt`. */
export function resultsOf(run: WorkingRun, names: readonly string[], readsAt: number): Scope['nodes'] {
  const nodes: Record<string, NonNullable<ReturnType<WorkingRun['result']>>> = {};
  for (const name of names) {
    const result = run.result(name, readsAt);
    if (result) nodes[name] = result;
  }
  return nodes;
}

/** An expression's failure as the failure of its task. Anything else is the engine's own and goes on. */
export function expressionFailure(error: unknown): TaskError {
  if (!(error instanceof ExpressionError)) throw error;
  return { code: error.code, message: error.message, retryable: false };
}

/**
 * If something next to the node is missing, asks for what lies farther behind it as well, and behind the inline nodes
 * that are due: a round of reading costs more than what it reads.
 */
function expectBehind(run: WorkingRun, node: GraphNode, { dead }: { dead: boolean }): void {
  const wanted = noReads();
  addReadsBehind(wanted, run.graph, { node, dead, ahead: 0 });
  if (!run.missing(wanted)) return;
  addReadsBehind(wanted, run.graph, { node, dead, ahead: LOOKAHEAD });
  for (const key of run.inline.slice(0, run.inlineBudget)) {
    const due = run.task(key);
    if (due) addSettleReads(wanted, run.graph, due.node);
  }
  run.expect(wanted);
}

/** A goto fires its target at once, whatever the join; edges that end later are absorbed (rule B4). */
function endEdge(run: WorkingRun, target: GraphNode, { end, isGoto }: { end: EdgeEnd; isGoto: boolean }): void {
  const counts = { ended: 1, taken: end === 'taken' ? 1 : 0, failed: end === 'failed' ? 1 : 0 };
  if (!target.countsEdges) {
    activate(run, target, joinVerdict(target.join, target.inDegree, counts));
    return;
  }
  const key = firstKey(target.name);
  const join = run.join(key) ?? { ended: 0, taken: 0, failed: 0, fired: false };
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
  run.arm(node, verdict === 'fire' ? conditionFate(run, node) : skipFate(verdict === 'skipFailed'));
}

function skipFate(failed: boolean): Fate {
  return { kind: 'skip', failed };
}

function conditionFate(run: WorkingRun, node: GraphNode): Fate | null {
  if (!node.when) return null;
  const captured = run.state.capture(node.stateReads);
  try {
    const holds: Json = node.when.evaluate(scopeOf(run, node, { readsAt: run.head.step, captured }));
    if (typeof holds === 'boolean') return holds ? null : skipFate(false);
    const message = `the condition of ${node.name} gave ${JSON.stringify(holds).slice(0, 100)}, not true or false`;
    return { kind: 'fail', error: { code: 'expression_failed', message, retryable: false } };
  } catch (error) {
    return { kind: 'fail', error: expressionFailure(error) };
  }
}
