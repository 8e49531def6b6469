/** The outbox of callbacks: the DeliveryStore port on Postgres. */
import type { DeliveryAttempt, Json } from '@weft/contract';
import type { DeliveryRecord, DeliveryStore, TakenDelivery } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { openSecret } from './callback-row.ts';
import { query } from './connection.ts';
import { NO_SECRET_KEYS } from './secret-keys.ts';
import type { SecretKeys } from './secret-keys.ts';
import { TokenBox } from './token-box.ts';

/** Of its log a delivery keeps the last attempts. */
const KEPT_ATTEMPTS = 20;
/** Callbacks that one look goes through, of those that something is due for. */
const MOST_CALLBACKS = 2_000;
const FORGET_AT_ONCE = 5_000;

export function createDeliveryStore(pool: Pool, keys: SecretKeys = NO_SECRET_KEYS): DeliveryStore {
  const box = new TokenBox(keys);
  return {
    async takeDue({ limit, each, leaseMs }) {
      const rows = await query<{ id: string }>(pool, {
        name: 'take-due-deliveries',
        text: TAKE_DUE,
        values: [limit, each, leaseMs],
      });
      return rows.map(({ id }) => id);
    },
    async begin(id, leaseMs) {
      const [row] = await query<BegunRow>(pool, { name: 'begin-delivery', text: BEGIN, values: [id, leaseMs] });
      return row ? toTaken(row, box) : null;
    },
    async end({ id, callbackId, attempts }, { attempt, next, circuit }) {
      await query(pool, {
        name: 'end-delivery',
        text: END,
        values: [
          id,
          callbackId,
          attempts,
          JSON.stringify(attempt),
          next.kind,
          next.kind === 'retry' ? next.inMs : 0,
          problemOf(attempt, next.kind),
          circuit.opensAfter,
          circuit.firstMs,
          circuit.longestMs,
        ],
      });
    },
    ...askedFor(pool),
  };
}

/** What people ask for. */
function askedFor(pool: Pool): Omit<DeliveryStore, 'takeDue' | 'begin' | 'end'> {
  return {
    async list(tenant, { limit, beforeId, status, callback, run, event }) {
      const wanted = [
        ['d.id < ', beforeId],
        ['d.status = ', status],
        ['d.callback_id = ', callback],
        ['d.run_id = ', run],
        ['d.event = ', event],
      ].filter((one) => one[1] !== undefined && one[1] !== null);
      const where = wanted.map(([what], index) => `and ${what}$${index + 3}`).join(' ');
      const text = `select ${COLUMNS} where d.tenant = $1 ${where} order by d.id desc limit $2`;
      const rows = await query<DeliveryRow>(pool, {
        text,
        values: [tenant, limit, ...wanted.map(([, value]) => value)],
      });
      return rows.map(toDelivery);
    },
    async get(tenant, id) {
      const text = `select ${COLUMNS} where d.tenant = $1 and d.id = $2`;
      const [row] = await query<DeliveryRow>(pool, { text, values: [tenant, id] });
      return row ? toDelivery(row) : null;
    },
    async addTest(tenant, callbackId, { id, payload }) {
      const rows = await query(pool, {
        text: `insert into callback_delivery (id, callback_id, tenant, run_id, event, payload)
          select $3, c.id, c.tenant, c.run_id, 'callback.test', $4::json from callback c where c.tenant = $1 and c.id = $2
          returning 1`,
        values: [tenant, callbackId, id, JSON.stringify(payload)],
      });
      return rows.length > 0;
    },
    async replay(tenant, id) {
      const rows = await query(pool, { text: `${REPLAY} and d.id = $2 returning 1`, values: [tenant, id] });
      return rows.length > 0;
    },
    async replayDead(tenant, callbackId, since) {
      const rows = await query(pool, {
        text: `${REPLAY} and d.callback_id = $2 and d.status = 'dead'
          and ($3::float8 is null or d.ended_at >= to_timestamp($3::float8 / 1000)) returning 1`,
        values: [tenant, callbackId, since],
      });
      return rows.length;
    },
    async forget({ deliveredMs, deadMs }) {
      const rows = await query(pool, { text: FORGET, values: [deliveredMs, deadMs] });
      return rows.length;
    },
  };
}

/** Goes from callback to callback, so that a long backlog of one is not read to find the few of another. */
const TAKE_DUE = `with recursive told (callback_id) as (
    (select callback_id from callback_delivery where status = 'pending' order by callback_id limit 1)
    union all
    select (select d.callback_id from callback_delivery d
      where d.status = 'pending' and d.callback_id > told.callback_id order by d.callback_id limit 1)
    from told where told.callback_id is not null
  ), open as (
    select c.id, case when c.open_until is null then $2::int else 1 end
      - (select count(*)::int from (select from callback_delivery q
          where q.callback_id = c.id and q.status = 'pending' and q.queued_until > now() limit $2::int) as under_way) as room
    from (select callback_id from told where callback_id is not null limit ${MOST_CALLBACKS}) as h
    join callback c on c.id = h.callback_id
    where c.active and (c.open_until is null or c.open_until <= now())
  ), due as (
    select d.id from open cross join lateral (
      select n.id from callback_delivery n
      where n.callback_id = open.id and n.status = 'pending' and n.due_at <= now()
        and (n.queued_until is null or n.queued_until <= now())
      order by n.due_at limit greatest(open.room, 0) for update skip locked
    ) as d limit $1
  )
  update callback_delivery d set queued_until = now() + make_interval(secs => $3::float8 / 1000)
    from due where d.id = due.id returning d.id`;

type BegunRow = {
  id: string;
  callback_id: string;
  tenant: string;
  url: string;
  payload: Json;
  attempts: number;
  secret_key: string | null;
  secret_nonce: Buffer | null;
  secret_sealed: Buffer | null;
  old_key: string | null;
  old_nonce: Buffer | null;
  old_sealed: Buffer | null;
  timestamp: number;
};

/** Its due time moves behind the lease, so that whoever gets it again meanwhile finds nothing due. */
const BEGIN = `update callback_delivery d set due_at = now() + make_interval(secs => $2::float8 / 1000),
    queued_until = now() + make_interval(secs => $2::float8 / 1000)
  from callback c
  where d.id = $1 and c.id = d.callback_id and c.active and d.status = 'pending' and d.due_at <= now()
  returning d.id, d.callback_id, d.tenant, d.payload, d.attempts, c.url, c.secret_key, c.secret_nonce, c.secret_sealed,
    case when c.old_until > now() then c.old_key end as old_key, c.old_nonce, c.old_sealed,
    extract(epoch from now())::bigint as timestamp`;

/** What was under way when a circuit opened says nothing more: only a probe does. */
const IS_JUDGED = '(c.open_until is null or c.open_until <= now())';

/** Only of the attempt that it was begun for. A callback that wants no more is disabled with all that it was to be told. */
const END = `with ended as (
    update callback_delivery set attempts = $3::int + 1, queued_until = null,
      status = case $5::text when 'retry' then 'pending' when 'delivered' then 'delivered' else 'dead' end,
      ended_at = case when $5 <> 'retry' then now() end,
      due_at = now() + make_interval(secs => $6::float8 / 1000),
      log = (select json_agg(entry order by n) from (
        select entry, n from json_array_elements(log) with ordinality as l (entry, n)
        union all select $4::json, 1000000 order by 2 desc limit ${KEPT_ATTEMPTS}
      ) as kept)
    where id = $1 and status = 'pending' and attempts = $3::int returning callback_id
  )
  update callback c set problem = $7, active = c.active and $5 <> 'disable',
    failures = case when $5 = 'delivered' then 0 when ${IS_JUDGED} then c.failures + 1 else c.failures end,
    open_until = case when $5 in ('delivered', 'disable') then null
      when ${IS_JUDGED} and c.failures + 1 >= $8::int
      then now() + make_interval(secs => least($9::float8 * 2 ^ least(c.failures + 1 - $8::int, 30), $10::float8) / 1000)
      else c.open_until end
  from ended where c.id = ended.callback_id and c.id = $2
    and ($5 <> 'delivered' or c.failures > 0 or c.problem is not null or c.open_until is not null)`;

const REPLAY = `update callback_delivery d set status = 'pending', attempts = 0, due_at = now(), queued_until = null, ended_at = null
  where d.tenant = $1 and d.status <> 'pending' and exists (select from callback c where c.id = d.callback_id)`;

/** Also what a callback left behind that was removed while something was told to it. */
const FORGET = `with old as (
    select id from callback_delivery where status <> 'pending' and (
      ended_at < now() - make_interval(secs => $2::float8 / 1000)
      or (status <> 'dead' and ended_at < now() - make_interval(secs => $1::float8 / 1000)))
    order by ended_at limit ${FORGET_AT_ONCE}
  ), orphaned as (
    update callback_delivery d set status = 'dropped', ended_at = now(), queued_until = null
    where d.status = 'pending' and d.due_at < now() - interval '1 minute'
      and not exists (select from callback c where c.id = d.callback_id)
  ), done as (
    delete from callback c where c.run_id is not null and c.created_at < now() - interval '1 hour'
      and not exists (select from callback_delivery d where d.callback_id = c.id)
      and not exists (select from run r where r.id = c.run_id and r.status in ('pending', 'running', 'interrupted'))
      and (not exists (select from run r where r.id = c.run_id) or exists (select from run r where r.id = c.run_id
        and r.ended_at < now() - make_interval(secs => $1::float8 / 1000)))
  )
  delete from callback_delivery where id in (select id from old) returning 1`;

function problemOf({ status, error }: DeliveryAttempt, kind: string): string | null {
  if (kind === 'delivered') return null;
  if (kind === 'disable') return 'disabled: it answered 410 (gone)';
  return error ?? `it answered ${status}`;
}

function toTaken(row: BegunRow, box: TokenBox): TakenDelivery {
  const { id, callback_id: callbackId, url, payload, attempts, timestamp } = row;
  return { id, callbackId, url, payload, attempts, timestamp, secrets: secretsOf(row, box) };
}

function secretsOf(row: BegunRow, box: TokenBox): string[] | null {
  const owner = { id: row.callback_id, tenant: row.tenant };
  const sealed = [
    { keyId: row.secret_key, nonce: row.secret_nonce, sealed: row.secret_sealed },
    { keyId: row.old_key, nonce: row.old_nonce, sealed: row.old_sealed },
  ];
  const opened = sealed.flatMap(({ keyId, nonce, sealed: bytes }) => {
    if (keyId === null || nonce === null || bytes === null) return [];
    return [openSecret({ keyId, nonce, sealed: bytes }, owner, box)];
  });
  return opened.some((secret) => secret === null) ? null : opened.filter((secret) => secret !== null);
}

type DeliveryRow = {
  id: string;
  callback_id: string;
  tenant: string;
  run_id: string | null;
  event: string;
  status: DeliveryRecord['status'];
  attempts: number;
  due_at: number;
  log: DeliveryAttempt[];
  created_at: number;
  ended_at: number | null;
  now: number;
  url: string | null;
  active: boolean | null;
  open_until: number | null;
  problem: string | null;
};

const COLUMNS = `d.id, d.callback_id, d.tenant, d.run_id, d.event, d.status, d.attempts, d.due_at, d.log, d.created_at, d.ended_at,
  now() as now, c.url, c.active, c.open_until, c.problem
  from callback_delivery d left join callback c on c.id = d.callback_id`;

function toDelivery(row: DeliveryRow): DeliveryRecord {
  const { id, tenant, event, status, attempts, log, now, url, active, problem } = row;
  return {
    id,
    callbackId: row.callback_id,
    callback: url === null ? null : { url, isActive: active === true, openUntil: row.open_until, problem },
    tenant,
    runId: row.run_id,
    event,
    status,
    attempts,
    dueAt: row.due_at,
    log,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    now,
  };
}
