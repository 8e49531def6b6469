/** How much waits in the store for its turn, and for how long. */
import type { LaneList, LaneWait } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

/** Counts at most so many of each list, along the index of the backlog. What is held back by the limit of its key is in nobody's way. */
export async function laneWaits(pool: Pool, lists: readonly LaneList[], most: number): Promise<LaneWait[]> {
  if (lists.length === 0) return [];
  const rows = await query<{ n: number; count: number; oldest_ms: number | null }>(pool, {
    name: 'lane-waits',
    text: `select l.n::int, w.count, w.oldest_ms
      from unnest($1::text[], $2::text[], $3::int[]) with ordinality as l (lane, tenant, priority, n)
      cross join lateral (
        select count(*)::int as count, (extract(epoch from now() - min(ready_at)) * 1000)::float8 as oldest_ms
        from (
          select ready_at from task t
          where t.lane = l.lane and t.tenant = l.tenant and t.priority = l.priority
            and t.status = 'ready' and t.offered_at is null and t.limit_key is null
          order by ready_at limit $4
        ) as waiting
      ) as w`,
    values: [
      lists.map(({ lane }) => lane),
      lists.map(({ tenant }) => tenant),
      lists.map(({ priority }) => priority),
      most,
    ],
  });
  return rows.flatMap(({ n, count, oldest_ms }) => {
    const list = lists[n - 1];
    return list ? [{ ...list, count, oldestMs: Math.max(0, oldest_ms ?? 0) }] : [];
  });
}
