import type { Lane } from '@weft/contract';

import { priorityName } from '../../domain/graph/priority.ts';
import { ANY_LANE, isAnyLane } from '../../ports/index.ts';
import type { QueuedList, WorkerRecord } from '../../ports/index.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { readLimits } from './view-limits.ts';

type LaneDeps = Pick<QueryDeps, 'fleet' | 'limits' | 'queue'>;

/**
 * The lane of everybody, those that live workers name, those that are paused, and those for which tasks are ready; by name.
 * `now`: epoch ms; `scope`: the tenant whose tasks are counted, null for all. A tenant sees no lane that nothing of it waits for, but for
 * that of everybody.
 */
export async function listLanes(
  deps: LaneDeps,
  { now, scope }: { now: number; scope: string | null },
): Promise<Lane[]> {
  const [all, { paused }, fleet] = await Promise.all([deps.queue.lists(), readLimits(deps), deps.fleet.list()]);
  const lists = all.filter(({ tenant }) => scope === null || tenant === scope);
  const workers = fleet.filter(({ endedAt }) => endedAt === null);
  const byLane = Map.groupBy(lists, ({ lane }) => lane);
  const pauses = new Map(paused.map(({ lane, since }) => [lane, since]));
  const named = workers.flatMap(({ lanes }) => lanes).filter((lane) => lane !== ANY_LANE);
  const others = scope === null ? [...named, ...pauses.keys()] : [];
  const names = new Set(['default', ...others, ...byLane.keys()]);
  return Array.from(names)
    .toSorted()
    .map((name) => {
      const since = pauses.get(name);
      const serving = workers.filter((worker) => serves(worker, name));
      return {
        name,
        pausedAt: since === undefined ? null : toInstant(since),
        workers: serving.length,
        slots: serving.reduce((sum, { slots }) => sum + slots, 0),
        ...queued(byLane.get(name) ?? [], now),
      };
    });
}

/** Whether the worker claims from this lane. */
export function serves({ lanes }: Pick<WorkerRecord, 'lanes'>, lane: string): boolean {
  return lanes.includes(lane) || (lanes.includes(ANY_LANE) && isAnyLane(lane));
}

type Queued = Pick<Lane, 'offered' | 'waiting' | 'oldestWaitMs' | 'depths' | 'tenants'>;

function queued(lists: readonly QueuedList[], now: number): Queued {
  const depths = { critical: 0, high: 0, normal: 0, low: 0 };
  for (const list of lists) depths[priorityName(list.priority)] += list.offered + list.waiting;
  const tenants = Array.from(
    Map.groupBy(lists, ({ tenant }) => tenant),
    ([tenant, own]) => ({ tenant, ...sums(own) }),
  );
  return {
    ...sums(lists),
    oldestWaitMs: lists.length === 0 ? null : Math.max(0, now - Math.min(...lists.map(({ oldestAt }) => oldestAt))),
    depths,
    tenants: tenants.toSorted((a, b) => b.offered + b.waiting - a.offered - a.waiting),
  };
}

function sums(lists: readonly QueuedList[]): { offered: number; waiting: number } {
  return {
    offered: lists.reduce((sum, list) => sum + list.offered, 0),
    waiting: lists.reduce((sum, list) => sum + list.waiting, 0),
  };
}
