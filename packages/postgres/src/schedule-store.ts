/** Schedules and their firings: the ScheduleStore port on Postgres. */
import type { ScheduleChange, ScheduleChanging, ScheduleRecord, ScheduleStore, ScheduleView } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query, transact } from './connection.ts';
import type { Client } from './connection.ts';
import { addFires, sendReports } from './queries/report-fires.ts';
import { lockDue, readSights, sendTicks } from './queries/tick-schedules.ts';
import { FIRE_COLUMNS, instantOf, SCHEDULE_COLUMNS, toFire, toSchedule } from './schedule-row.ts';
import type { FireRow, ScheduleRow } from './schedule-row.ts';

const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::float8';

export function createScheduleStore(pool: Pool): ScheduleStore {
  return {
    create: (schedule, most) => create(pool, schedule, most),
    async get(tenant, name) {
      const [view] = await readViews(pool, 'where s.tenant = $1 and s.name = $2', [tenant, name]);
      return view ?? null;
    },
    list: ({ tenant, limit, after, state, workflow }) =>
      readViews(
        pool,
        `where s.tenant = $1 and ($3::text is null or s.name > $3) and ($4::text is null or s.state = $4)
          and ($5::text is null or s.workflow = $5) order by s.name limit $2`,
        [tenant, limit, after, state, workflow],
      ),
    async remove(tenant, name) {
      const text = `with gone as (delete from schedule where tenant = $1 and name = $2 returning id),
          fires as (delete from schedule_fire where schedule_id in (select id from gone))
        select count(*)::int as n from gone`;
      const [row] = await query<{ n: number }>(pool, { text, values: [tenant, name] });
      return (row?.n ?? 0) > 0;
    },
    change: (tenant, name, decide) => transact(pool, (client) => change(client, { tenant, name, decide })),
    tick: (request, decide) =>
      transact(pool, async (client) => {
        const { now, due } = await lockDue(client, request);
        if (due.length === 0) return { result: [], sent: [] };
        const ticks = (await readSights(client, due, now)).map(decide);
        return { result: ticks, sent: sendTicks(client, ticks) };
      }),
    report: (reports, wakes) =>
      transact(pool, async (client) => ({ result: undefined, sent: sendReports(client, reports, wakes) })),
    async fires({ tenant, name, limit, before, outcome }) {
      const [known] = await query<{ id: string }>(pool, {
        text: 'select id from schedule where tenant = $1 and name = $2',
        values: [tenant, name],
      });
      if (!known) return null;
      const rows = await query<FireRow>(pool, {
        text: `select ${FIRE_COLUMNS} from schedule_fire f where f.schedule_id = $1
            and ($3::float8 is null or f.instant < ${instantOf('$3::float8')}) and ($4::text is null or f.outcome = $4)
          order by f.instant desc limit $2`,
        values: [known.id, limit, before, outcome],
      });
      return rows.map(toFire);
    },
    async requested(tenant, name, requestKey) {
      const text = `select ${FIRE_COLUMNS} from schedule s join schedule_fire f on f.schedule_id = s.id
        where s.tenant = $1 and s.name = $2 and f.request_key = $3`;
      const [row] = await query<FireRow>(pool, { text, values: [tenant, name, requestKey] });
      return row ? toFire(row) : null;
    },
    pruneFires: (olderThanMs, limit) => pruneFires(pool, olderThanMs, limit),
    async now() {
      const [row] = await query<{ now: number }>(pool, { name: 'schedule-now', text: `select ${NOW} as now` });
      return row?.now ?? 0;
    },
  };
}

/** Creations of one tenant wait for each other, so that its limit holds. */
async function create(pool: Pool, schedule: ScheduleRecord, most: number): Promise<'created' | 'taken' | 'full'> {
  return transact(pool, async (client) => {
    await client.query({
      text: `select pg_advisory_xact_lock(hashtextextended('schedules ' || $1, 0))`,
      values: [schedule.tenant],
    });
    const { rows } = await client.query<{ is_taken: boolean; n: number }>({
      text: `select coalesce(bool_or(name = $2), false) as is_taken, count(*)::int as n from schedule where tenant = $1`,
      values: [schedule.tenant, schedule.name],
    });
    const { is_taken: isTaken = false, n = 0 } = rows[0] ?? {};
    if (isTaken || n >= most) return { result: isTaken ? ('taken' as const) : ('full' as const), sent: [] };
    const insert = client.query({
      text: `insert into schedule (id, tenant, name, definition, workflow, state, note, next_at, wake_at, failures)
        values ($1, $2, $3, $4::json, $5, $6, $7, ${instantOf('$8::float8')}, ${instantOf('$9::float8')}, $10)`,
      values: [schedule.id, schedule.tenant, schedule.name, ...changeable(schedule)],
    });
    return { result: 'created' as const, sent: [insert] };
  });
}

function changeable({ definition, state, note, nextAt, wakeAt, failures }: ScheduleRecord): unknown[] {
  return [JSON.stringify(definition), definition.workflow.name, state, note, nextAt, wakeAt, failures];
}

type Changing<T> = { tenant: string; name: string; decide: (seen: ScheduleChanging) => ScheduleChange<T> };

async function change<T>(client: Client, { tenant, name, decide }: Changing<T>) {
  const { rows } = await client.query<ScheduleRow & { now: number; waiting: number }>({
    text: `select ${SCHEDULE_COLUMNS}, ${NOW} as now,
        (select count(*)::int from schedule_fire f where f.schedule_id = s.id and not f.is_closed and f.outcome = 'waiting') as waiting
      from schedule s where s.tenant = $1 and s.name = $2 for no key update of s`,
    values: [tenant, name],
  });
  const [row] = rows;
  if (!row) return { result: null, sent: [] };
  const before = toSchedule(row);
  const { schedule, add, requestKey, result } = decide({ schedule: before, now: row.now, waiting: row.waiting });
  const added = await addFires(client, schedule, add, requestKey ?? null);
  const update = client.query({
    text: `update schedule set definition = $2::json, workflow = $3, state = $4, note = $5, next_at = ${instantOf('$6::float8')},
        wake_at = ${instantOf('$7::float8')}, failures = $8, updated_at = case when $9 then now() else updated_at end where id = $1`,
    values: [before.id, ...changeable(schedule), isChanged(before, schedule)],
  });
  return { result: { result, schedule, added }, sent: [update] };
}

function isChanged(before: ScheduleRecord, after: ScheduleRecord): boolean {
  return before.definition !== after.definition || before.state !== after.state || before.note !== after.note;
}

type ViewRow = ScheduleRow & { waiting: number; running: number };

async function readViews(pool: Pool, where: string, values: unknown[]): Promise<ScheduleView[]> {
  const rows = await query<ViewRow>(pool, {
    text: `select ${SCHEDULE_COLUMNS}, o.waiting, o.running from schedule s cross join lateral (
        select count(*) filter (where f.outcome = 'waiting')::int as waiting,
            count(*) filter (where f.outcome = 'started')::int as running
          from schedule_fire f where f.schedule_id = s.id and not f.is_closed
      ) as o ${where}`,
    values,
  });
  const last = await query<FireRow>(pool, {
    text: `select ${FIRE_COLUMNS} from unnest($1::uuid[]) as u (id) cross join lateral (
        select * from schedule_fire where schedule_id = u.id order by instant desc limit 1) as f`,
    values: [rows.map(({ id }) => id)],
  });
  const lastOf = new Map(last.map((row) => [row.schedule_id, toFire(row)]));
  return rows.map((row) => ({
    schedule: toSchedule(row),
    waiting: row.waiting,
    running: row.running,
    last: lastOf.get(row.id) ?? null,
  }));
}

async function pruneFires(pool: Pool, olderThanMs: number, limit: number): Promise<number> {
  const text = `with old as (
      select f.schedule_id, f.instant from schedule_fire f join schedule s on s.id = f.schedule_id
        where f.is_closed and f.changed_at < now() - make_interval(secs => $1::float8 / 1000)
          and s.definition->'spec'->'maxRuns' is null
        limit $2
    ), gone as (
      delete from schedule_fire f using old where f.schedule_id = old.schedule_id and f.instant = old.instant returning 1
    ) select count(*)::int as n from gone`;
  const [row] = await query<{ n: number }>(pool, { text, values: [olderThanMs, limit] });
  return row?.n ?? 0;
}
