import type { LaneStatus } from '@weft/contract';
import { priorityName } from '@weft/engine/domain';
import type { Priority } from '@weft/engine/domain';
import { ANY_LANE } from '@weft/engine/ports';

import type { AppOptions } from './app-options.ts';

const LEVELS = [0, 1, 2, 3] as const satisfies Priority[];
const DEFAULT_LANE = 'default';

/**
 * How many tasks wait: on the default lane, on those that live workers name, and on those with a backlog. Of one tenant it
 * says only what concerns that: its own tasks, and no lane that it has none on. `scope` null: of all tenants together.
 */
export async function laneStatuses(
  { queries }: Pick<AppOptions, 'queries'>,
  scope: string | null,
): Promise<LaneStatus[]> {
  const backlog = (await queries.dispatch.backlog()).filter(({ tenant }) => scope === null || tenant === scope);
  const workers = (await queries.fleet.list()).filter(({ endedAt }) => endedAt === null);
  const waiting = new Set(backlog.map(({ lane }) => lane));
  const named = workers.flatMap((worker) => worker.lanes).filter((lane) => lane !== ANY_LANE);
  const names = [...new Set([DEFAULT_LANE, ...named, ...waiting])];
  const tenants = scope === null ? await queries.workflows.tenants() : [scope];
  const lists = names.flatMap((lane) =>
    LEVELS.flatMap((priority) => tenants.map((tenant) => ({ lane, tenant, priority }))),
  );
  const counts = (await queries.broker.depths(lists)).values();
  const lanes = names.map((name) => {
    const depths = { critical: 0, high: 0, normal: 0, low: 0 };
    for (const level of LEVELS) for (const _ of tenants) depths[priorityName(level)] += counts.next().value ?? 0;
    const depth = depths.critical + depths.high + depths.normal + depths.low;
    return { name, depth, depths, backlogged: waiting.has(name) };
  });
  if (scope === null) return lanes;
  return lanes.filter(({ name, depth, backlogged }) => name === DEFAULT_LANE || depth > 0 || backlogged);
}
