import type { LaneStatus } from '@weft/contract';
import { priorityName } from '@weft/engine/domain';
import type { Priority } from '@weft/engine/domain';
import { ANY_LANE } from '@weft/engine/ports';

import type { AppOptions } from './app-options.ts';
import { TENANT } from './tenant.ts';

const LEVELS = [0, 1, 2, 3] as const satisfies Priority[];

/** How many tasks wait: on the default lane, on those that live workers name, and on those with a backlog. */
export async function laneStatuses({ queries }: Pick<AppOptions, 'queries'>): Promise<LaneStatus[]> {
  const backlog = await queries.dispatch.backlog();
  const workers = (await queries.fleet.list()).filter(({ endedAt }) => endedAt === null);
  const waiting = new Set(backlog.map(({ lane }) => lane));
  const named = workers.flatMap((worker) => worker.lanes).filter((lane) => lane !== ANY_LANE);
  const names = [...new Set(['default', ...named, ...waiting])];
  const lists = names.flatMap((lane) => LEVELS.map((priority) => ({ lane, tenant: TENANT, priority })));
  const counts = await queries.broker.depths(lists);
  return names.map((name, lane) => {
    const depths = { critical: 0, high: 0, normal: 0, low: 0 };
    for (const level of LEVELS) depths[priorityName(level)] = counts[lane * LEVELS.length + level] ?? 0;
    const depth = depths.critical + depths.high + depths.normal + depths.low;
    return { name, depth, depths, backlogged: waiting.has(name) };
  });
}
