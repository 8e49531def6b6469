/** Looking at what waits: the QueueReader port on Postgres. */
import { MOST_COUNTED } from '@weft/engine/ports';
import type { InUse, QueuedList, QueueReader } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

/** So many offers are looked at to say how many there are of each list. */
const OFFERS = 100_000;

export function createQueueReader(pool: Pool): QueueReader {
  return {
    inUse: (tenant, key) => inUse(pool, tenant, key),
    async keysInUse(tenant, limit) {
      const rows = await query<{ key: string }>(pool, {
        text: `select limit_key as key from place where tenant = $1 and limit_key is not null
          union select limit_key from (
            select limit_key from task
            where status = 'ready' and offered_at is null and limit_key is not null and tenant = $1 limit ${MOST_COUNTED}
          ) as waiting
          order by key limit $2`,
        values: [tenant, limit],
      });
      return rows.map(({ key }) => key);
    },
    ahead: (task) => ahead(pool, task),
    lists: () => lists(pool),
  };
}

async function inUse(pool: Pool, tenant: string, key: string | null): Promise<InUse> {
  const ofKey = (table: string) => `($2::text is null or ${table}.limit_key = $2)`;
  const waiting = (where: string) => `select 1 from task t where t.tenant = $1 and ${ofKey('t')} and t.status = 'ready'
    and t.offered_at is null and ${where} limit ${MOST_COUNTED}`;
  const [row] = await query<{ running: number; waiting: number; full_since: number | null; now: number }>(pool, {
    text: `select (
        (select count(*) from task t where t.status = 'ready' and t.offered_at is not null and t.tenant = $1 and ${ofKey('t')})
        + (select count(*) from task t where t.status = 'running' and t.tenant = $1 and ${ofKey('t')})
      )::int as running,
      least(${MOST_COUNTED}, (select count(*) from (${waiting('t.limit_key is null and t.lane is not null')}) as plain)
        + (select count(*) from (${waiting('t.limit_key is not null')}) as keyed))::int as waiting,
      (select max(taken_at) from place p where p.tenant = $1 and ${ofKey('p')}) as full_since,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
    values: [tenant, key],
  });
  const { running = 0, waiting: held = 0, full_since: fullSince = null, now = 0 } = row ?? {};
  return { running, waiting: held, fullSince, now };
}

/** Of tasks with a key those with the same key are meant: others do not come before them. */
async function ahead(
  pool: Pool,
  { runId, key, epoch }: { runId: string; key: string; epoch: number },
): Promise<number> {
  const before = (where: string) => `select 1 from task o where o.lane = t.lane and o.tenant = t.tenant
    and o.priority = t.priority and o.status = 'ready' and o.offered_at is null and o.ready_at < t.ready_at
    and ${where} limit ${MOST_COUNTED}`;
  const [row] = await query<{ n: number }>(pool, {
    text: `select (select count(*) from (${before('o.limit_key is null and t.limit_key is null')}) as plain)::int
        + (select count(*) from (${before('o.limit_key = t.limit_key and o.limit_key is not null')}) as keyed)::int as n
      from task t where t.run_id = $1 and t.key = $2 and t.epoch = $3`,
    values: [runId, key, epoch],
  });
  return row?.n ?? 0;
}

async function lists(pool: Pool): Promise<QueuedList[]> {
  return query<QueuedList>(pool, {
    text: `with recursive plain as (
        (select lane, tenant, priority from task
          where status = 'ready' and offered_at is null and limit_key is null and lane is not null
          order by lane, tenant, priority limit 1)
        union all
        select next.lane, next.tenant, next.priority from plain cross join lateral (
          select t.lane, t.tenant, t.priority from task t
          where t.status = 'ready' and t.offered_at is null and t.limit_key is null
            and (t.lane, t.tenant, t.priority) > (plain.lane, plain.tenant, plain.priority)
          order by t.lane, t.tenant, t.priority limit 1
        ) as next
      ), waiting as (
        select p.lane, p.tenant, p.priority, c.n, c.oldest from plain p cross join lateral (
          select count(*) as n, min(w.ready_at) as oldest from (
            select ready_at from task t where t.status = 'ready' and t.offered_at is null and t.limit_key is null
              and t.lane = p.lane and t.tenant = p.tenant and t.priority = p.priority
            order by t.ready_at limit ${MOST_COUNTED}
          ) as w
        ) as c
      ), keyed as (
        select lane, tenant, priority, count(*) as n, min(ready_at) as oldest from (
          select lane, tenant, priority, ready_at from task
          where status = 'ready' and offered_at is null and limit_key is not null limit ${MOST_COUNTED}
        ) as k group by lane, tenant, priority
      ), offered as (
        select lane, tenant, priority, count(*) as n, min(ready_at) as oldest from (
          select lane, tenant, priority, ready_at from task where status = 'ready' and offered_at is not null limit ${OFFERS}
        ) as o group by lane, tenant, priority
      )
      select lane, tenant, priority, least(${MOST_COUNTED}, sum(waiting))::int as waiting, sum(keyed)::int as keyed, sum(offered)::int as offered,
        min(oldest) as "oldestAt"
      from (
        select lane, tenant, priority, n as waiting, 0 as keyed, 0 as offered, oldest from waiting
        union all select lane, tenant, priority, n, n, 0, oldest from keyed
        union all select lane, tenant, priority, 0, 0, n, oldest from offered
      ) as all_of_them
      group by lane, tenant, priority order by lane, tenant, priority`,
  });
}
