/** Limits, shares and paused lanes: the LimitStore port on Postgres. */
import type { KeyLimit, Limit, LimitStore, LimitTable, PausedLane, TenantLimit } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import type { Statement } from './connection.ts';

type LimitColumns = {
  max_concurrent: number | null;
  rate_count: number | null;
  rate_ms: number | null;
  rate_burst: number | null;
  updated_at: number;
};

const COLUMNS = 'max_concurrent, rate_count, rate_ms, rate_burst, updated_at';

export function createLimitStore(pool: Pool): LimitStore {
  /** Tells the others in the same statement. */
  const change = (text: string, values: unknown[]) => {
    return query<{ changed: number }>(pool, {
      text: `with changed as (${text} returning 1), told as (
          update limit_version set version = version + 1 where exists (select from changed)
        )
        select count(*)::int as changed from changed`,
      values,
    });
  };
  return {
    async load(since) {
      const version = await readVersion(pool);
      if (version === since) return null;
      return { version, ...(await readAll(pool)) };
    },
    async setTenant(tenant, { weight, ...limit }) {
      const text = `insert into tenant_limit (tenant, weight, max_concurrent, rate_count, rate_ms, rate_burst)
        values ($1, $2, $3, $4, $5, $6) on conflict (tenant) do update set weight = excluded.weight, ${REPLACED}`;
      await change(text, [tenant, weight, ...valuesOf(limit)]);
    },
    async setKey(tenant, key, limit) {
      const text = `insert into key_limit (tenant, key, max_concurrent, rate_count, rate_ms, rate_burst)
        values ($1, $2, $3, $4, $5, $6) on conflict (tenant, key) do update set ${REPLACED}`;
      await change(text, [tenant, key, ...valuesOf(limit)]);
    },
    async removeKey(tenant, key) {
      const [row] = await change('delete from key_limit where tenant = $1 and key = $2', [tenant, key]);
      return (row?.changed ?? 0) > 0;
    },
    async pauseLane(lane) {
      await change('insert into paused_lane (lane) values ($1) on conflict do nothing', [lane]);
    },
    async resumeLane(lane) {
      await change('delete from paused_lane where lane = $1', [lane]);
    },
  };
}

const REPLACED = `max_concurrent = excluded.max_concurrent, rate_count = excluded.rate_count,
  rate_ms = excluded.rate_ms, rate_burst = excluded.rate_burst, updated_at = now()`;

async function readVersion(pool: Pool): Promise<number> {
  const [row] = await query<{ version: number }>(pool, {
    name: 'limit-version',
    text: 'select version from limit_version',
  });
  return row?.version ?? 0;
}

/** Read after the version: what changes in between is read once more. */
async function readAll(pool: Pool): Promise<Omit<LimitTable, 'version'>> {
  const read = <Row extends LimitColumns>(text: Statement['text']) => query<Row>(pool, { text });
  const [tenants, keys, paused] = await Promise.all([
    read<LimitColumns & { tenant: string; weight: number }>(`select tenant, weight, ${COLUMNS} from tenant_limit`),
    read<LimitColumns & { tenant: string; key: string }>(`select tenant, key, ${COLUMNS} from key_limit`),
    query<PausedLane>(pool, { text: 'select lane, paused_at as since from paused_lane' }),
  ]);
  return {
    tenants: tenants.map((row): TenantLimit => ({ tenant: row.tenant, weight: row.weight, ...toLimit(row) })),
    keys: keys.map((row): KeyLimit => ({ tenant: row.tenant, key: row.key, ...toLimit(row) })),
    paused,
  };
}

function toLimit({ max_concurrent, rate_count, rate_ms, rate_burst, updated_at }: LimitColumns) {
  const isRated = rate_count !== null && rate_ms !== null && rate_burst !== null;
  const rate = isRated ? { count: rate_count, perMs: rate_ms, burst: rate_burst } : null;
  return { maxConcurrent: max_concurrent, rate, updatedAt: updated_at };
}

function valuesOf({ maxConcurrent, rate }: Limit): (number | null)[] {
  return [maxConcurrent, rate?.count ?? null, rate?.perMs ?? null, rate?.burst ?? null];
}
