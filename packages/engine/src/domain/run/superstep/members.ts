/** The tasks of a superstep, and all that its barrier will look at (rules B9, B10). */
import type { GraphNode } from '../../graph/graph.ts';
import { itemTaskKey, nodeOf } from '../../task-key.ts';
import { LOOKAHEAD, noReads, readsWhenArmed } from '../reads.ts';
import type { Reads, TaskRecord } from '../records.ts';
import type { WorkingRun } from '../working-run.ts';
import { barrierKeys } from './barrier-rows.ts';
import { placeOfRun } from './place.ts';

/** `pushed`: the items of a pulled send, those of an inner send right behind it. */
export type Member = { task: TaskRecord; pushed: TaskRecord[] };

/** Those armed at the top by name, without the routes on the way to them. */
export function membersOf(run: WorkingRun): Member[] {
  const { nodes } = placeOfRun(run);
  const names = nodes.filter((name) => run.node(name).type !== 'route').toSorted();
  expectBarrier(run, names);
  const tasks = names.map((name) => memberTask(run, run.keyOf(name)));
  expectItems(run, tasks);
  return tasks.map((task) => ({ task, pushed: itemsOf(run, task) }));
}

function memberTask(run: WorkingRun, key: string): TaskRecord {
  const task = run.task(key);
  if (!task) throw new Error(`the superstep has no task ${key}`);
  return task;
}

/** In one round: the tasks themselves, and what lies behind them. */
function expectBarrier(run: WorkingRun, names: readonly string[]): void {
  const wanted = noReads();
  for (const name of names) wanted.tasks.add(run.keyOf(name));
  const armed = nodesBehind(wanted, run, names);
  for (const name of placeOfRun(run).held) armed.push(run.node(name));
  addWhenArmed(wanted, run, armed);
  run.expect(wanted);
}

/** Routes are decided within the barrier, so what lies behind them counts, too. */
function nodesBehind(wanted: Reads, run: WorkingRun, names: readonly string[]): GraphNode[] {
  const sources = names.map((name) => run.node(name));
  const behind = new Map<string, GraphNode>();
  // The list grows by the routes, and by the nodes that sends send to.
  for (const { name, send, out } of sources) {
    if (send) sources.push(run.node(send.target));
    for (const { to } of out) {
      for (const key of barrierKeys(run, to, name)) wanted.joins.add(key);
      if (behind.has(to) || behind.size > names.length + LOOKAHEAD) continue;
      const target = run.node(to);
      behind.set(to, target);
      if (target.type === 'route') sources.push(target);
    }
  }
  return Array.from(behind.values());
}

/** What the barrier makes the latest result of a node is that of this superstep. */
function addWhenArmed(wanted: Reads, run: WorkingRun, nodes: readonly GraphNode[]): void {
  const latest = run.head.jumps?.latest ?? {};
  const current = new Set(placeOfRun(run).nodes);
  for (const node of nodes.flatMap((one) => (one.send ? [one, run.node(one.send.target)] : [one]))) {
    for (const channel of node.stateReads) wanted.channels.add(channel);
    if (!readsWhenArmed(node) || (node.type === 'task' && !node.when)) continue;
    wanted.body ||= node.readsBody;
    for (const name of node.resultReads)
      wanted.tasks.add(current.has(name) ? run.keyOf(name) : `${name}#${latest[name] ?? 0}`);
  }
}

/** Each round asks for the items of the sends that the round before has shown. */
function expectItems(run: WorkingRun, tasks: readonly TaskRecord[]): void {
  let sends = tasks;
  while (sends.length > 0) {
    const keys = sends.flatMap((task) => itemKeys(run, task));
    run.expect({ ...noReads(), tasks: new Set(keys) });
    sends = keys.flatMap((key) => (run.node(nodeOf(key)).send ? (run.task(key) ?? []) : []));
  }
}

/** A send that has not come so far has no items. */
function itemKeys(run: WorkingRun, { key, node, detail }: TaskRecord): string[] {
  const { send } = run.node(node);
  if (!send || detail?.kind !== 'items') return [];
  return Array.from({ length: detail.total }, (_, index) => itemTaskKey(key, index, send.target));
}

/** Those that were armed, in order. */
function itemsOf(run: WorkingRun, task: TaskRecord): TaskRecord[] {
  return itemKeys(run, task).flatMap((key) => {
    const item = run.task(key);
    return item ? [item, ...itemsOf(run, item)] : [];
  });
}
