/** Loops and gotos: how a run goes back, and what becomes of what it leaves behind (rules B4, B5). */
import type { TaskError } from '@weft/contract';

import { closureOf } from '../graph/graph.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { EdgeEnd, JoinCounts } from '../graph/join.ts';
import { rootOf } from '../task-key.ts';
import { edgeEnd } from './edge-ends.ts';
import { activate, endEdges } from './flow.ts';
import { noReads } from './reads.ts';
import type { TaskRecord } from './records.ts';
import { closeWait } from './waits.ts';
import { DEFAULT_MAX_STEPS } from './seen-run.ts';
import type { WorkingRun } from './working-run.ts';

/**
 * Goes on at other nodes than the edges say. A target that leads to the source starts a new generation, any other fires once in
 * this one. Its own edges end as not taken, unless it has itself become part of the past.
 */
export function jumpTo(run: WorkingRun, task: TaskRecord, targets: readonly string[]): void {
  run.note({ jumps: {} });
  for (const target of new Set(targets)) {
    const node = run.node(target);
    if (closureOf(run.graph, target).has(task.node)) startGeneration(run, node);
    else fireOnce(run, node);
  }
  if (!run.isStale(task.key)) endEdges(run, run.node(task.node), () => 'notTaken');
}

/**
 * Begins the next iteration of `target`: it and all that lies downstream of it are armed anew. Edges from outside keep how they
 * ended; the target itself runs at once.
 */
export function startGeneration(run: WorkingRun, target: GraphNode): void {
  const closure = closureOf(run.graph, target.name);
  expectClosure(run, closure);
  const members = Array.from(closure, (name) => run.node(name));
  const carried = members.flatMap((node) => carriedJoin(run, node, { target, closure }));
  for (const { name } of members) closeJoin(run, run.keyOf(name));
  run.raise(target.name);
  for (const { node, counts } of carried) run.setJoin({ key: run.keyOf(node.name), ...counts, fired: false });
  for (const task of run.graph.hasWaits ? run.waitingTasks() : []) {
    if (closure.has(rootOf(task.key).node) && run.isStale(task.key)) closeWait(run, task);
  }
  run.setJoin({ key: run.keyOf(target.name), ended: 0, taken: 0, failed: 0, fired: true });
  activate(run, target, 'fire');
}

/** Why the task may not go back to these nodes, before it is settled; null if it may, or does not (rule B5). */
export function refuseLoops(run: WorkingRun, task: TaskRecord, targets: Iterable<string>): TaskError | null {
  const { graph } = run;
  const backs = Array.from(new Set(targets)).filter((target) => closureOf(graph, target).has(task.node));
  for (const [begun, target] of backs.entries()) {
    const error = tooMany(run, { target: run.node(target), source: run.node(task.node), begun });
    if (error) return error;
  }
  return null;
}

/** `begun`: iterations that the same task begins before this one. */
function tooMany(
  { head, graph }: WorkingRun,
  { target, source, begun }: { target: GraphNode; source: GraphNode; begun: number },
): TaskError | null {
  const maxSteps = graph.document.maxSteps ?? DEFAULT_MAX_STEPS;
  const generations = head.generations + begun;
  if (generations >= maxSteps) {
    const message = `loops have begun ${generations} iterations, as many as maxSteps allows`;
    return { code: 'max_steps', message, retryable: false, details: { node: target.name } };
  }
  const bound = Math.min(target.maxIterations ?? Infinity, source.maxIterations ?? Infinity);
  const iterations = (head.jumps?.heads[target.name] ?? 0) + 1;
  if (iterations < bound) return null;
  const message = `the loop to ${target.name} has run ${iterations} times, as often as maxIterations allows`;
  return { code: 'max_iterations', message, retryable: false, details: { node: target.name } };
}

/** Fires a node that a goto names, whatever its join, unless it has fired in this generation; later edges are absorbed. */
function fireOnce(run: WorkingRun, target: GraphNode): void {
  const key = run.keyOf(target.name);
  run.expect({ ...noReads(), tasks: new Set([key]), joins: new Set([key]) });
  const join = run.join(key);
  if (join?.fired || run.task(key)) return;
  const { ended, taken, failed } = join ?? { ended: 0, taken: 0, failed: 0 };
  run.setJoin({ key, ended, taken, failed, fired: true });
  activate(run, target, 'fire');
}

/** Asks at once for what going back must see. */
function expectClosure(run: WorkingRun, closure: ReadonlySet<string>): void {
  const wanted = noReads();
  wanted.waiting = run.graph.hasWaits;
  for (const name of closure) {
    const node = run.node(name);
    wanted.joins.add(run.keyOf(name));
    if (!node.countsEdges) continue;
    for (const { from } of node.in)
      if (run.graph.nodes.has(from) && !closure.has(from)) wanted.tasks.add(run.keyOf(from));
  }
  run.expect(wanted);
}

type Carried = { node: GraphNode; counts: JoinCounts };

/** The edges from outside the closure that have ended: they count in the next generation as they did. */
function carriedJoin(
  run: WorkingRun,
  node: GraphNode,
  { target, closure }: { target: GraphNode; closure: ReadonlySet<string> },
): Carried[] {
  if (node === target || !node.countsEdges) return [];
  const counts = { ended: 0, taken: 0, failed: 0 };
  for (const edge of node.in) {
    if (closure.has(edge.from)) continue;
    const end: EdgeEnd | null = run.graph.nodes.has(edge.from) ? endedAs(run, edge) : 'taken';
    if (end === null) continue;
    counts.ended += 1;
    counts.taken += Number(end === 'taken');
    counts.failed += Number(end === 'failed');
  }
  return counts.ended > 0 ? [{ node, counts }] : [];
}

function endedAs(run: WorkingRun, edge: GraphNode['in'][number]): EdgeEnd | null {
  const source = run.task(run.keyOf(edge.from));
  return source ? edgeEnd(run.node(edge.from), edge, source) : null;
}

/** A join that is left behind waits for nothing any more. */
function closeJoin(run: WorkingRun, key: string): void {
  const join = run.join(key);
  if (join && !join.fired) run.setJoin({ ...join, fired: true });
}
