/** Results of cached tasks: the ResultCache port on Postgres. */
import type { Json, JsonObject } from '@weft/contract';
import type { CacheAnswer, CachedResult, ResultCache } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { json } from './rows.ts';

/** Nothing here need reach the disk: what is lost is computed anew. */
const LAZILY = "lazily as (select set_config('synchronous_commit', 'off', true))";

const LEASE_END = 'clock_timestamp() + make_interval(secs => $4::float8 / 1000)';

/** Whether the row `c` has a result that is young enough for this asker, or was stored while it waited. */
const FRESH = `coalesce(c.stored_at >= to_timestamp($6::float8 / 1000) or (c.expires_at > clock_timestamp()
  and c.stored_at > clock_timestamp() - make_interval(secs => $5::float8 / 1000)), false)`;

const LED = 'coalesce(c.lease_until > clock_timestamp() and c.holder <> $3, false)';

type ClaimRow = {
  leading: boolean;
  fresh: boolean | null;
  output: Json;
  state_updates: JsonObject | null;
  asked_at: number;
};

export function createResultCache(pool: Pool): ResultCache {
  return {
    claim: (request) => claim(pool, request),
    async renew({ tenant, key, holder }, leaseMs) {
      const rows = await query<{ key: string }>(pool, {
        name: 'renew-result',
        text: `with ${LAZILY} update result_cache set lease_until = ${LEASE_END} from lazily
          where tenant = $1 and key = $2 and holder = $3 returning key`,
        values: [tenant, key, holder, leaseMs],
      });
      return rows.length > 0;
    },
    async keep({ tenant, key, holder }, { result, ttlMs }) {
      await query(pool, {
        name: 'keep-result',
        text: `with ${LAZILY} update result_cache set holder = null, lease_until = null, output = $4, state_updates = $5,
            stored_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $6::float8 / 1000)
          from lazily where tenant = $1 and key = $2 and holder = $3`,
        values: [tenant, key, holder, JSON.stringify(result.output), json(result.stateUpdates), ttlMs],
      });
    },
    async release({ tenant, key, holder }) {
      await query(pool, {
        name: 'release-result',
        text: `with ${LAZILY}, empty as (
            delete from result_cache using lazily where tenant = $1 and key = $2 and holder = $3 and stored_at is null
          )
          update result_cache set holder = null, lease_until = null from lazily
          where tenant = $1 and key = $2 and holder = $3 and stored_at is not null`,
        values: [tenant, key, holder],
      });
    },
  };
}

/**
 * A hit, and the wait for one, only read. Of those who ask at the same time one writes the row; the others wait for that, and
 * see that it is led.
 */
async function claim(pool: Pool, request: Parameters<ResultCache['claim']>[0]): Promise<CacheAnswer> {
  const { tenant, key, holder, ttlMs, leaseMs, since } = request;
  const [row] = await query<ClaimRow>(pool, {
    name: 'claim-result',
    text: `with ${LAZILY}, seen as materialized (
        select ${FRESH} as fresh, ${LED} as led, c.output, c.state_updates from result_cache c
        where c.tenant = $1 and c.key = $2
      ), taken as (
        insert into result_cache as c (tenant, key, holder, lease_until)
        select $1, $2, $3, ${LEASE_END} from lazily where not exists (select 1 from seen where fresh or led)
        on conflict (tenant, key) do update set holder = excluded.holder, lease_until = excluded.lease_until
          where not ${FRESH} and not ${LED}
        returning 1
      )
      select exists (select 1 from taken) as leading, s.fresh, case when s.fresh then s.output end as output,
        case when s.fresh then s.state_updates end as state_updates,
        floor(extract(epoch from statement_timestamp()) * 1000)::float8 as asked_at
      from (select 1) as asked left join seen s on true`,
    values: [tenant, key, holder, leaseMs, ttlMs, since],
  });
  if (row?.fresh) return { kind: 'hit', result: toResult(row) };
  return row?.leading ? { kind: 'leading' } : { kind: 'led', askedAt: row?.asked_at ?? 0 };
}

function toResult({ output, state_updates }: ClaimRow): CachedResult {
  return state_updates === null ? { output } : { output, stateUpdates: state_updates };
}
