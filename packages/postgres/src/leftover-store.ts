/** What cancelled tasks have left outside: their own rows, whose deadline is by when whoever took them has to be done. */
import type { Leftover, LeftoverStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

const LEFT = `t.status = 'cancelled' and t.detail->>'kind' = 'memo'`;

export function createLeftoverStore(pool: Pool): LeftoverStore {
  return {
    take: ({ limit, leaseMs }) =>
      query<Leftover>(pool, {
        name: 'take-leftovers',
        text: `with due as materialized (
            select t.run_id, t.key, t.epoch from task t where ${LEFT} and (t.deadline is null or t.deadline < now())
            limit $1 for update skip locked
          )
          update task t set deadline = now() + make_interval(secs => $2::float8 / 1000) from due
          where t.run_id = due.run_id and t.key = due.key and t.epoch = due.epoch
          returning t.tenant, t.run_id as "runId", t.key, t.epoch, t.detail->'memo' as memo,
            coalesce(extract(epoch from now() - t.settled_at) * 1000, 0)::float8 as "ageMs"`,
        values: [limit, leaseMs],
      }),
    async drop(leftovers) {
      await query(pool, {
        name: 'drop-leftovers',
        text: `update task t set detail = null, deadline = null
          from unnest($1::uuid[], $2::text[], $3::int[]) as u (run_id, key, epoch)
          where t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch and ${LEFT}`,
        values: [
          leftovers.map(({ runId }) => runId),
          leftovers.map(({ key }) => key),
          leftovers.map(({ epoch }) => epoch),
        ],
      });
    },
  };
}
