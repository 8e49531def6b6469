/** Watches in the background how much waits on the lanes, so that a request costs a look at a map. */
import type { Priority } from '@weft/engine/domain';
import { ANY_LANE } from '@weft/engine/ports';
import type { LaneList } from '@weft/engine/ports';
import type { QueryDeps } from '@weft/engine/runtime';

import { fullLanes, shareName } from './lane-load.ts';
import type { FullLane, LaneBounds, LaneDepth } from './lane-load.ts';

const LEVELS = [0, 1, 2, 3] as const satisfies Priority[];
/** Where depth is not bounded, waiting tasks are counted up to this. */
const MOST_COUNTED = 100_000;
/** Tenants that have brought work since the last look, and lanes, that are looked at; lists that overflow are known anyway. */
const MOST_TENANTS = 100;
const MOST_LANES = 50;
/** So many looks in a row that failed mean that the store is away. */
const FAILURES = 2;

export type LaneWatch = {
  /** Looks once. Never rejects. */
  look(): Promise<void>;
  /** Says that this tenant brings work. */
  note(tenant: string): void;
  /** The share of a tenant of a lane, if it is over a bound. */
  full(share: { tenant: string; lane: string }): FullLane | null;
  /** Whether any is. */
  readonly isAnyFull: boolean;
  /** Whether the store has not answered for a while. */
  readonly isStoreAway: boolean;
};

type Deps = Pick<QueryDeps, 'dispatch' | 'fleet' | 'broker'>;

export function watchLanes({ dispatch, fleet, broker }: Deps, bounds: LaneBounds): LaneWatch {
  let full = new Map<string, FullLane>();
  let failures = 0;
  let tenants = new Set<string>();

  async function load(): Promise<Map<string, FullLane>> {
    const backlog = await dispatch.backlog();
    const live = (await fleet.list()).filter(({ endedAt }) => endedAt === null);
    const rates = live.flatMap(({ health }) => health?.rates ?? []);
    const named = live.flatMap((worker) => worker.lanes).filter((lane) => lane !== ANY_LANE);
    const lanes = Array.from(new Set(['default', ...named])).slice(0, MOST_LANES);
    const seen = Array.from(tenants).flatMap((tenant) => lanes.map((lane) => ({ lane, tenant })));
    tenants = new Set();
    const lists = listsOf([...backlog, ...rates, ...seen]);
    // Lanes that hold nothing may be out of reach with Redis: what waits in the store is told all the same.
    const onLanes = await broker.depths(lists).catch(() => lists.map(() => 0));
    const waits = await dispatch.laneWaits(backlog, (bounds.maxDepth ?? MOST_COUNTED) + 1);
    return fullLanes(depthsOf(lists, onLanes, waits), rates, bounds);
  }

  return {
    async look() {
      try {
        full = await load();
        failures = 0;
      } catch {
        failures += 1;
      }
    },
    note(tenant) {
      if (tenants.size < MOST_TENANTS) tenants.add(tenant);
    },
    full: (share) => full.get(shareName(share)) ?? null,
    get isAnyFull() {
      return full.size > 0;
    },
    get isStoreAway() {
      return failures >= FAILURES;
    },
  };
}

/** All lists of the lanes and tenants that anything is known of. */
function listsOf(shares: readonly { lane: string; tenant: string }[]): LaneList[] {
  const distinct = new Map(shares.map(({ lane, tenant }) => [shareName({ lane, tenant }), { lane, tenant }]));
  return Array.from(distinct.values()).flatMap((share) => LEVELS.map((priority) => ({ ...share, priority })));
}

function depthsOf(
  lists: readonly LaneList[],
  onLanes: readonly number[],
  waits: readonly { lane: string; tenant: string; count: number; oldestMs: number }[],
): LaneDepth[] {
  const depths = new Map<string, LaneDepth>();
  const add = ({ lane, tenant }: { lane: string; tenant: string }, count: number, oldestMs: number): void => {
    const name = shareName({ lane, tenant });
    const known = depths.get(name) ?? { lane, tenant, depth: 0, oldestMs: 0 };
    depths.set(name, { ...known, depth: known.depth + count, oldestMs: Math.max(known.oldestMs, oldestMs) });
  };
  for (const [n, list] of lists.entries()) add(list, onLanes[n] ?? 0, 0);
  for (const { count, oldestMs, ...list } of waits) add(list, count, oldestMs);
  return Array.from(depths.values());
}
