/** From what is triggered to the next superstep: routes are decided first, then all others are armed together (rule B9). */
import type { TaskError } from '@weft/contract';

import type { Graph } from '../../graph/graph.ts';
import { ownerOf } from '../../task-key.ts';
import { failRun } from '../end-run.ts';
import { conditionFate } from '../flow.ts';
import { noReads } from '../reads.ts';
import type { Fate, TaskRecord } from '../records.ts';
import { DEFAULT_MAX_STEPS } from '../seen-run.ts';
import type { Jumps, Superstep } from '../status.ts';
import type { WorkingRun } from '../working-run.ts';
import { NO_SUPERSTEP } from './fold.ts';
import { nextIteration, placeOfRun } from './place.ts';

/** Triggers the nodes that a run begins with, in its first step. */
export function beginSupersteps(run: WorkingRun): void {
  run.note({ superstep: NO_SUPERSTEP });
  trigger(run, run.graph.starts);
}

/**
 * Arms the routes among the nodes, which are decided on the way to the next superstep, and holds the others until it is known
 * what else is triggered. Each node is triggered once.
 */
export function trigger(run: WorkingRun, names: Iterable<string>): void {
  const { nodes, held } = placeOfRun(run);
  const known = new Set([...nodes, ...held]);
  const fresh = Array.from(new Set(names)).filter((name) => !known.has(name));
  if (fresh.length === 0) return;
  const isRoute = (name: string): boolean => run.node(name).type === 'route';
  const routes = fresh.filter(isRoute).toSorted();
  const others = fresh.filter((name) => !isRoute(name)).toSorted();
  arm(run, { names: routes, more: { held: [...held, ...others] } });
}

/**
 * Arms what is held, now that all is triggered: deferred nodes only if there are no others. While a breakpoint holds one of
 * them, all are held. Returns whether there was anything to arm.
 */
export function release(run: WorkingRun): boolean {
  const { held, passed, begun } = placeOfRun(run);
  const names = nextSet(run.graph, held);
  if (names.length === 0) return false;
  const fates = new Map(names.map((name) => [name, conditionFate(run, run.node(name), nextKey(run, name))]));
  const stops = names.filter((name) => run.node(name).breaks.before && !passed.includes(name) && !fates.get(name));
  if (stops.length > 0) {
    // Their tasks stand while they ask, and are not to be taken for an iteration that has run.
    run.note({ superstep: { runs: Object.fromEntries(stops.map((name) => [name, nextIteration(run, name)])) } });
    // What came with the last answer may stop another node: those that were passed and taken back stand beside it again.
    const back = names.filter((name) => !stops.includes(name) && isTakenBack(run, nextKey(run, name).key));
    for (const name of [...stops, ...back]) run.arm(run.node(name), { ...nextKey(run, name), fate: null });
    return true;
  }
  const left = held.filter((name) => !fates.has(name));
  arm(run, { names, fates, more: { begun: begun + 1, since: run.head.step, held: left, passed: [] } });
  const error = overLimit(run);
  if (error) failRun(run, error);
  return error === null;
}

/**
 * Passes a breakpoint before a node in the open step. It goes on asking until all that hold the run are passed: then their tasks
 * are taken back, to be armed with the others.
 */
export function passBreakpoint(run: WorkingRun, { node }: TaskRecord): void {
  const { held, passed } = placeOfRun(run);
  const all = [...passed, node];
  run.note({ superstep: { passed: all } });
  const keys = held.filter((name) => run.node(name).breaks.before).map((name) => nextKey(run, name).key);
  run.expect({ ...noReads(), tasks: new Set(keys) });
  const asking = keys.flatMap((key) => run.task(key) ?? []).filter(({ status }) => status === 'waiting');
  if (!asking.every((task) => all.includes(task.node))) return;
  for (const task of asking) run.change(task, { status: 'pending', attempt: task.attempt });
}

/** Whether the task's breakpoint was passed already, and only others hold the run. */
export function isPassed(run: WorkingRun, { key, node }: TaskRecord): boolean {
  return ownerOf(key) === null && placeOfRun(run).passed.includes(node);
}

function isTakenBack(run: WorkingRun, key: string): boolean {
  return run.takenBack.some((task) => task.key === key && task.epoch === run.head.epoch);
}

function nextSet(graph: Graph, held: string[]): string[] {
  const first = held.filter((name) => graph.nodes.get(name)?.deferred !== true);
  return first.length > 0 ? first : held;
}

function nextKey(run: WorkingRun, name: string): { key: string; item: null } {
  return { key: `${name}#${nextIteration(run, name)}`, item: null };
}

type Arming = { names: readonly string[]; fates?: ReadonlyMap<string, Fate | null>; more: Partial<Superstep> };

/** The iterations are counted before the tasks are armed, and so after their keys are made. */
function arm(run: WorkingRun, { names, fates, more }: Arming): void {
  const { nodes, jumped, runs: before } = placeOfRun(run);
  const isCounted = (name: string): boolean =>
    jumped || before[name] !== undefined || run.graph.superstep?.repeats.has(name) === true;
  const keys = names.map((name) => nextKey(run, name));
  const counted = names.filter(isCounted).map((name): [string, number] => [name, nextIteration(run, name) + 1]);
  const runs = Object.fromEntries(counted);
  run.note({ superstep: { ...more, nodes: [...nodes, ...names], ...(counted.length > 0 && { runs }) } });
  for (const [index, name] of names.entries()) {
    const activation = keys[index] ?? nextKey(run, name);
    const fate = fates ? (fates.get(name) ?? null) : conditionFate(run, run.node(name), activation);
    run.arm(run.node(name), { ...activation, fate, passes: true });
  }
}

/**
 * What has failed in earlier supersteps and is armed anew by a retry belongs to the one that is under way now. So its edges
 * trigger later than the graph foresees.
 */
export function rejoin(run: WorkingRun, tasks: readonly TaskRecord[]): void {
  const { nodes } = placeOfRun(run);
  const back = tasks.filter(({ key, node, blamed }) => blamed && key === run.keyOf(node) && !nodes.includes(node));
  if (back.length === 0) return;
  run.note({ superstep: { nodes: [...nodes, ...back.map(({ node }) => node)], jumped: true } });
}

/** Why the superstep that is armed must not run: it is one too many, or one of its nodes has run too often (rule B5). */
export function overLimit(run: WorkingRun): TaskError | null {
  const { begun, nodes, runs } = placeOfRun(run);
  const maxSteps = run.graph.document.maxSteps ?? DEFAULT_MAX_STEPS;
  if (begun > maxSteps) {
    const message = `the run has taken ${maxSteps} supersteps, as many as maxSteps allows`;
    return { code: 'max_steps', message, retryable: false };
  }
  const over = nodes.find((name) => (runs[name] ?? 1) > (run.node(name).maxIterations ?? Infinity));
  if (over === undefined) return null;
  const message = `${over} has run ${run.node(over).maxIterations} times, as often as maxIterations allows`;
  return { code: 'max_iterations', message, retryable: false, details: { node: over } };
}

/** Where a run stands whose first step has armed all that it begins with. */
export function startedJumps(graph: Graph): Jumps {
  const names = nextSet(graph, graph.starts.toSorted());
  const runs = Object.fromEntries(names.filter((name) => graph.superstep?.repeats.has(name)).map((name) => [name, 1]));
  const held = graph.starts.toSorted().filter((name) => !names.includes(name));
  return { heads: {}, latest: {}, superstep: { ...NO_SUPERSTEP, begun: 1, since: 1, nodes: names, held, runs } };
}
