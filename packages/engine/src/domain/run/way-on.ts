/** How a run goes on from a task that has settled: along its edges, back, or by goto; or not at all (rules B1, B4, B5). */
import { END } from '@weft/contract';
import type { TaskError } from '@weft/contract';

import type { Edge } from '../graph/edges.ts';
import type { EdgeEnd } from '../graph/join.ts';
import { ownerOf, rootOf } from '../task-key.ts';
import { endEdges } from './flow.ts';
import { jumpTo, refuseLoops, startGeneration } from './jumps.ts';
import { isAside } from './letters/aside.ts';
import { takeInjections } from './kept-mail.ts';
import { noReads } from './reads.ts';
import type { TaskRecord } from './records.ts';
import { itemEnded } from './send-items.ts';
import { trigger } from './superstep/release.ts';
import { Triggers } from './superstep/trigger.ts';
import type { WorkingRun } from './working-run.ts';

/** How a settled task goes on: by its edges, or by goto. */
export type Way = { endOf: (edge: Edge) => EdgeEnd; goto: string[] | null };

/** Why a task that is about to settle may not go on as it has chosen; null if it may (rule B5). */
export function refuseWay(run: WorkingRun, task: TaskRecord, { endOf, goto }: Way): TaskError | null {
  if (ownerOf(task.key) !== null || isAside(run, task) || run.graph.superstep) return null;
  if (goto) return refuseLoops(run, task, goto.filter(isNode));
  const back = backEdge(run, task, endOf);
  return back ? refuseLoops(run, task, [back.to]) : null;
}

function isNode(name: string): boolean {
  return name !== END;
}

function backEdge(run: WorkingRun, { node }: TaskRecord, endOf: Way['endOf']): Edge | undefined {
  if (run.graph.backs.size === 0) return undefined;
  return run.node(node).out.find((edge) => run.graph.backs.has(edge) && endOf(edge) === 'taken');
}

/**
 * What follows from a task that has settled. A dead letter that the run has gone on from changes nothing else; an item counts for its send; what a loop has gone back over arms nothing; else a goto, or
 * an edge that leads back, stands for all other edges.
 */
export function conclude(run: WorkingRun, task: TaskRecord, { endOf, goto }: Way): void {
  if (task.letter?.alone) {
    takeInjections(run, task);
    renewOutputs(run, task);
    return;
  }
  const owner = ownerOf(task.key);
  if (owner) {
    itemEnded(run, owner.send, task);
    return;
  }
  if (run.graph.superstep) {
    concludeInSuperstep(run, task, endOf);
    return;
  }
  noteLatest(run, task);
  takeInjections(run, task);
  if (run.isStale(task.key)) return;
  if (goto) {
    jumpTo(run, task, goto.filter(isNode));
    return;
  }
  const back = backEdge(run, task, endOf);
  if (back) startGeneration(run, run.node(back.to));
  else endEdges(run, run.node(task.node), endOf);
}

/** The outputs of the sends around it are put together anew: as it is known here, one may hold what they were before. */
function renewOutputs(run: WorkingRun, { key }: TaskRecord): void {
  for (let owner = ownerOf(key); owner; owner = ownerOf(owner.send)) {
    run.expect({ ...noReads(), tasks: new Set([owner.send]) });
    const send = run.task(owner.send);
    if (!send) return;
    send.output = null;
    run.changedTasks.add(send.key);
  }
}

/** What follows is decided at the barrier; only a route is itself a part of one, and is followed at once (rule B9). */
function concludeInSuperstep(run: WorkingRun, task: TaskRecord, endOf: Way['endOf']): void {
  takeInjections(run, task);
  if (run.node(task.node).type !== 'route') return;
  noteLatest(run, task);
  const triggers = new Triggers(run);
  triggers.follow(task.node, endOf);
  triggers.closeBarriers();
  trigger(run, triggers.names);
}

/** Whoever reads the node from now on reads this iteration. */
function noteLatest(run: WorkingRun, { key, node }: TaskRecord): void {
  if (!run.head.jumps || !run.graph.readNodes.has(node)) return;
  const { iteration } = rootOf(key);
  if (iteration > (run.head.jumps.latest[node] ?? 0)) run.note({ jumps: { latest: { [node]: iteration } } });
}

/**
 * A goto names nodes of the top level, or the end of its branch. In the mode dataflow an item has no edges that it could go on
 * by.
 */
export function refuseJump(run: WorkingRun, task: TaskRecord, goto: readonly string[] | undefined): TaskError | null {
  if (!goto) return null;
  const isTop = ownerOf(task.key) === null || run.graph.superstep !== null;
  const why = isTop ? goto.map((name) => whyNot(run, name)).find(Boolean) : ITEM_CANNOT;
  return why ? { code: 'invalid_goto', message: why, retryable: false } : null;
}

const ITEM_CANNOT = 'an item of a send cannot go on elsewhere';

function whyNot({ graph }: WorkingRun, name: string): string | null {
  if (name === END) return null;
  if (!graph.nodes.has(name)) return `there is no node ${name} to go to`;
  return graph.sendTargets.has(name) ? `the node ${name} runs for the items of a send only` : null;
}
