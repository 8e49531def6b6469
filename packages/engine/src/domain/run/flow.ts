/** How results travel along edges: edges end, joins decide, nodes are armed or skipped (rules B1, B2, B10). */
import type { Json } from '@weft/contract';

import type { Edge } from '../graph/edges.ts';
import type { GraphNode } from '../graph/graph.ts';
import { joinVerdict } from '../graph/join.ts';
import type { EdgeEnd, Verdict } from '../graph/join.ts';
import { addReadsBehind, addSettleReads, LOOKAHEAD, noReads, readsWhenArmed } from './reads.ts';
import type { Fate } from './records.ts';
import { expressionFailure, scopeOf } from './task-scope.ts';
import type { WorkingRun } from './working-run.ts';

/** Ends all edges that leave `node` forward, as `endOf` says, and arms what that fires. */
export function endEdges(run: WorkingRun, node: GraphNode, endOf: (edge: Edge) => EdgeEnd): void {
  const forward = run.graph.backs.size === 0 ? node.out : node.out.filter((edge) => !run.graph.backs.has(edge));
  const ends = forward.map(endOf);
  expectBehind(run, node, { dead: !ends.includes('taken') });
  for (const [index, edge] of forward.entries()) {
    endEdge(run, run.node(edge.to), { end: ends[index] ?? 'notTaken', isGoto: edge.kind === 'goto' });
  }
}

/** Begins the run: nodes without inbound edges fire, edges from `__start__` end as taken. */
export function beginRun(run: WorkingRun): void {
  for (const name of run.graph.starts) {
    const node = run.node(name);
    if (node.inDegree > 0) endEdge(run, node, { end: 'taken', isGoto: false });
    else if (!node.deferred) activate(run, node, 'fire');
  }
}

/**
 * If something next to the node is missing, asks for what lies farther behind it as well, and behind the inline nodes
 * that are due: a round of reading costs more than what it reads.
 */
function expectBehind(run: WorkingRun, node: GraphNode, { dead }: { dead: boolean }): void {
  if (node.out.every((edge) => isSeen(run, run.node(edge.to)))) return;
  const keyOf = (name: string): string => run.keyOf(name);
  const wanted = noReads();
  addReadsBehind(wanted, run.graph, { node, dead, ahead: 0, keyOf });
  if (!run.missing(wanted)) return;
  addReadsBehind(wanted, run.graph, { node, dead, ahead: LOOKAHEAD, keyOf });
  for (const key of run.inline.slice(0, run.inlineBudget)) addSettleReads(wanted, run.graph, key, keyOf);
  run.expect(wanted);
}

/** Whether nothing of the run but what is seen anyway matters when the node is armed: that is how most nodes are. */
function isSeen(run: WorkingRun, target: GraphNode): boolean {
  return !readsWhenArmed(target) && (!target.countsEdges || run.seesJoin(run.keyOf(target.name)));
}

/** A goto fires its target at once, whatever the join; edges that end later are absorbed (rule B4). */
function endEdge(run: WorkingRun, target: GraphNode, { end, isGoto }: { end: EdgeEnd; isGoto: boolean }): void {
  const counts = { ended: 1, taken: end === 'taken' ? 1 : 0, failed: end === 'failed' ? 1 : 0 };
  const key = run.keyOf(target.name);
  if (!target.countsEdges) {
    // A goto may have fired it already.
    if (run.head.jumps && run.join(key)?.fired) return;
    activate(run, target, joinVerdict(target.join, target.inDegree, counts));
    return;
  }
  const join = run.join(key) ?? { ended: 0, taken: 0, failed: 0, fired: false };
  if (join.fired) return;
  const after = {
    ended: join.ended + counts.ended,
    taken: join.taken + counts.taken,
    failed: join.failed + counts.failed,
  };
  const verdict = isGoto && end === 'taken' ? 'fire' : verdictOf(target, after);
  run.setJoin({ key, ...after, fired: verdict !== 'wait' });
  activate(run, target, verdict);
}

/** A deferred node waits until nothing else is left to do. */
function verdictOf(node: GraphNode, counts: { ended: number; taken: number; failed: number }): Verdict {
  return node.deferred ? 'wait' : joinVerdict(node.join, node.inDegree, counts);
}

/** Arms the deferred nodes whose edges have ended, if nothing else is left to do. Returns whether there were any (rule B8). */
export function armDeferred(run: WorkingRun): boolean {
  const { head, graph } = run;
  if (run.hasEnded || run.steps.length === 0 || head.live + head.asking > 0 || graph.deferred.length === 0)
    return false;
  const keys = graph.deferred.map((name) => run.keyOf(name));
  run.expect({ ...noReads(), joins: new Set(keys) });
  let armed = false;
  for (const [index, key] of keys.entries()) {
    const node = run.node(graph.deferred[index] ?? '');
    const join = run.join(key) ?? { ended: 0, taken: 0, failed: 0, fired: false };
    const verdict = node.inDegree === 0 ? 'fire' : joinVerdict(node.join, node.inDegree, join);
    if (join.fired || verdict === 'wait') continue;
    run.setJoin({ ...join, key, fired: true });
    activate(run, node, verdict);
    armed = true;
  }
  return armed;
}

/** Arms the activation at the top that counts now, to run or to be skipped. */
export function activate(run: WorkingRun, node: GraphNode, verdict: Verdict): void {
  if (verdict === 'wait') return;
  const key = run.keyOf(node.name);
  const fate = verdict === 'fire' ? conditionFate(run, node, { key, item: null }) : skipFate(verdict === 'skipFailed');
  run.arm(node, { key, fate });
}

function skipFate(failed: boolean): Fate {
  return { kind: 'skip', failed };
}

/** What its condition makes of a node that is about to run; null if it runs. */
export function conditionFate(
  run: WorkingRun,
  node: GraphNode,
  { key, item }: { key: string; item: Json },
): Fate | null {
  if (!node.when) return null;
  const captured = run.capture(node);
  const iterations = run.latestOf(node.resultReads);
  try {
    const holds: Json = node.when.evaluate(
      scopeOf(run, node, { key, readsAt: run.head.step, captured, iterations, item }),
    );
    if (typeof holds === 'boolean') return holds ? null : skipFate(false);
    const message = `the condition of ${node.name} gave ${JSON.stringify(holds).slice(0, 100)}, not true or false`;
    return { kind: 'fail', error: { code: 'expression_failed', message, retryable: false } };
  } catch (error) {
    return { kind: 'fail', error: expressionFailure(error) };
  }
}
