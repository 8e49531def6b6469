/** What a superstep writes: the updates of all its tasks, in an order that does not depend on which came first (rule B9). */
import type { Json, JsonObject, TaskError } from '@weft/contract';

import type { GraphNode } from '../../graph/graph.ts';
import type { Outcome } from '../../outcome/outcome.ts';
import { isOverwrite } from '../../state/overwrite.ts';
import { together } from '../../state/several.ts';
import type { PendingDetail, TaskRecord } from '../records.ts';
import { stateUpdates } from '../state-updates.ts';
import type { Writer } from '../step-record.ts';
import type { WorkingRun } from '../working-run.ts';
import type { Member } from './members.ts';

type Update = { task: TaskRecord; value: Json };

/** What the row keeps of a success beside its output; null if there is nothing more. */
export function pendingDetail(
  { type }: GraphNode,
  outcome: Extract<Outcome, { kind: 'succeeded' }>,
): PendingDetail | null {
  const { goto = null } = outcome;
  // The updates of a transform are its output.
  const updates = type === 'transform' ? null : (outcome.stateUpdates ?? null);
  return updates || goto ? { kind: 'pending', stateUpdates: updates, goto } : null;
}

/** By channel: the pulled nodes by name, then the items of sends by path. */
export function updatesOf(run: WorkingRun, members: readonly Member[]): Map<string, Update[]> {
  const updates = new Map<string, Update[]>();
  for (const task of tasksOf(members)) {
    if (task.status !== 'succeeded') continue;
    for (const [channel, value] of ownUpdates(run, task)) {
      const known = updates.get(channel);
      if (known) known.push({ task, value });
      else updates.set(channel, [{ task, value }]);
    }
  }
  return updates;
}

function tasksOf(members: readonly Member[]): TaskRecord[] {
  return [...members.map(({ task }) => task), ...members.flatMap(({ pushed }) => pushed)];
}

function ownUpdates(run: WorkingRun, task: TaskRecord): ReadonlyMap<string, Json> {
  const node = run.node(task.node);
  const { detail } = task;
  const explicit = node.type === 'transform' ? task.output : detail?.kind === 'pending' ? detail.stateUpdates : null;
  const isRead = node.output !== null || node.outputMapping.length > 0;
  const output = isRead ? run.outputOf(task) : null;
  return stateUpdates(node, {
    kind: 'succeeded',
    output,
    ...(explicit !== null && { stateUpdates: explicit as JsonObject }),
  });
}

/** Why the updates cannot stand beside each other; null if they can. */
export function clashOf({ graph }: WorkingRun, updates: ReadonlyMap<string, Update[]>): TaskError | null {
  for (const [channel, all] of updates) {
    const isSingle = (graph.state.get(channel)?.reducer ?? 'last_value') === 'last_value';
    const ones = isSingle ? all : all.filter(({ value }) => isOverwrite(value));
    if (ones.length < 2) continue;
    const nodes = Array.from(new Set(ones.map(({ task }) => task.node)));
    const what = isSingle ? 'takes one update' : 'can be overwritten once';
    const message = `the state key ${channel} ${what} in a superstep, and was written ${ones.length} times, by ${nodes.slice(0, 10).join(', ')}`;
    return { code: 'concurrent_update', message, retryable: false, details: { key: channel, nodes } };
  }
  return null;
}

/** Writes them in the open step, and says whose they are. An overwrite stands for all updates of its superstep. */
export function applyUpdates(
  run: WorkingRun,
  members: readonly Member[],
  updates: ReadonlyMap<string, Update[]>,
): void {
  const written = new Map<TaskRecord, string[]>();
  for (const [channel, all] of updates) {
    const overwrite = all.find(({ value }) => isOverwrite(value));
    for (const { task } of overwrite ? [overwrite] : all) {
      const known = written.get(task);
      if (known) known.push(channel);
      else written.set(task, [channel]);
    }
    run.write(channel, overwrite ? overwrite.value : together(all.map(({ value }) => value)));
  }
  if (written.size > 0) run.note({ writers: writersOf(tasksOf(members), written) });
}

/** Neighbours that are alike are counted: the items of a send mostly are. */
function writersOf(tasks: readonly TaskRecord[], written: ReadonlyMap<TaskRecord, string[]>): Writer[] {
  const writers: Writer[] = [];
  for (const task of tasks) {
    const channels = written.get(task);
    if (!channels) continue;
    const last = writers.at(-1);
    if (last?.[0] === task.node && last[1].join('\n') === channels.join('\n')) last[2] += 1;
    else writers.push([task.node, channels, 1]);
  }
  return writers;
}
