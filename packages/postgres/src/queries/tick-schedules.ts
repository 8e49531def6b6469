/** Looking at schedules whose time has come. */
import type { FireRecord, ScheduleRecord, ScheduleSight, ScheduleTick } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import {
  FIRE_ARRAYS,
  FIRE_COLUMNS,
  fireArrays,
  instantOf,
  SCHEDULE_COLUMNS,
  toFire,
  toSchedule,
} from '../schedule-row.ts';
import type { FireRow, OwnedFire, ScheduleRow } from '../schedule-row.ts';

/** Open firings of one schedule that are looked at, the oldest. */
const MOST_OPEN = 2000;

type Request = { limit: number; at: number | null };

export async function lockDue(client: Client, { limit, at }: Request): Promise<{ now: number; due: ScheduleRecord[] }> {
  const { rows } = await client.query<ScheduleRow & { now: number }>({
    name: 'lock-due-schedules',
    text: `with clock as materialized (select coalesce(${instantOf('$2::float8')}, clock_timestamp()) as now)
      select ${SCHEDULE_COLUMNS}, (extract(epoch from clock.now) * 1000)::float8 as now from clock, lateral (
        select * from schedule where wake_at <= clock.now order by wake_at limit $1 for no key update skip locked
      ) as s`,
    values: [limit, at],
  });
  return { now: Math.floor(rows[0]?.now ?? 0), due: rows.map(toSchedule) };
}

/** What is seen of them: their open firings, with what became of the runs of these. */
export async function readSights(
  client: Client,
  due: readonly ScheduleRecord[],
  now: number,
): Promise<ScheduleSight[]> {
  const ids = arrayText(due.map(({ id }) => id));
  const counted = arrayText(due.filter(({ definition }) => definition.spec.maxRuns).map(({ id }) => id));
  const reading = client.query<FireRow & { seen: FireRecord['runStatus']; is_gone: boolean }>({
    name: 'open-fires',
    text: `select ${FIRE_COLUMNS}, r.status as seen, f.run_id is not null and r.id is null as is_gone
      from unnest($1::uuid[]) as u (id) cross join lateral (
        select * from schedule_fire where schedule_id = u.id and not is_closed order by instant limit ${MOST_OPEN}
      ) as f left join lateral (select id, status from run where id = f.run_id offset 0) as r on true
      order by f.schedule_id, f.instant`,
    values: [ids],
  });
  const counting = client.query<{ schedule_id: string; n: number }>({
    name: 'count-fires',
    text: `select f.schedule_id, count(*)::int as n from schedule_fire f
      where f.schedule_id = any($1::uuid[]) and f.kind = 'schedule' and f.outcome = 'started' group by f.schedule_id`,
    values: [counted],
  });
  const open = Map.groupBy((await reading).rows, (row) => row.schedule_id);
  const started = new Map((await counting).rows.map((row) => [row.schedule_id, row.n]));
  return due.map((schedule) => ({
    schedule,
    now,
    started: started.get(schedule.id) ?? 0,
    open: (open.get(schedule.id) ?? []).map(({ seen, is_gone, ...row }) => withRun(toFire(row), seen, is_gone)),
  }));
}

/** A run that was deleted is no run any more. */
function withRun(fire: FireRecord, seen: FireRecord['runStatus'], isGone: boolean): FireRecord {
  const hasEnded = seen === 'succeeded' || seen === 'failed' || seen === 'cancelled';
  return { ...fire, runStatus: seen ?? fire.runStatus, isClosed: isGone || hasEnded };
}

/** Writes what was decided; the caller waits for the answers. Rows are locked in one order, since runs are started meanwhile. */
export function sendTicks(client: Client, ticks: readonly ScheduleTick[]): Promise<unknown>[] {
  const schedules = ticks.map(({ schedule }) => schedule);
  const fires = ticks
    .flatMap((tick) => tick.fires.map((fire) => ({ scheduleId: tick.schedule.id, fire })))
    .toSorted(inOrder);
  const started = fires.filter(({ fire }) => fire.outcome === 'started');
  const others = fires.filter(({ fire }) => fire.outcome !== 'started');
  return [
    updateSchedules(client, schedules),
    ...(started.length === 0 ? [] : [closeFires(client, started)]),
    ...(others.length === 0 ? [] : [writeFires(client, others)]),
  ];
}

function inOrder(a: OwnedFire, b: OwnedFire): number {
  if (a.scheduleId !== b.scheduleId) return a.scheduleId < b.scheduleId ? -1 : 1;
  return a.fire.instant - b.fire.instant;
}

function updateSchedules(client: Client, schedules: readonly ScheduleRecord[]): Promise<unknown> {
  return client.query({
    name: 'move-schedules',
    text: `update schedule s set state = u.state, note = u.note, next_at = ${instantOf('u.next_at')},
        wake_at = ${instantOf('u.wake_at')}, taken_at = ${instantOf('u.taken_at')}, failures = u.failures
      from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::int[], $7::float8[])
        as u (id, state, note, next_at, wake_at, failures, taken_at)
      where s.id = u.id`,
    values: [
      schedules.map(({ id }) => id),
      schedules.map(({ state }) => state),
      schedules.map(({ note }) => note),
      schedules.map(({ nextAt }) => nextAt),
      schedules.map(({ wakeAt }) => wakeAt),
      schedules.map(({ failures }) => failures),
      schedules.map(({ takenAt }) => takenAt),
    ].map(arrayText),
  });
}

function closeFires(client: Client, fires: readonly OwnedFire[]): Promise<unknown> {
  return client.query({
    name: 'close-fires',
    text: `update schedule_fire f set is_closed = u.is_closed, run_status = u.run_status
      from ${FIRE_ARRAYS} where f.schedule_id = u.schedule_id and f.instant = ${instantOf('u.instant')}`,
    values: fireArrays(fires),
  });
}

/** An instant that is there already stays as it is unless it waits; one that was started since it was read is started. */
function writeFires(client: Client, fires: readonly OwnedFire[]): Promise<unknown> {
  return client.query({
    name: 'write-fires',
    text: `insert into schedule_fire as f (schedule_id, instant, kind, outcome, overlap, reason, deadline, not_before, missed_count,
        missed_from, is_closed)
      select u.schedule_id, ${instantOf('u.instant')}, u.kind, u.outcome, u.overlap, u.reason, ${instantOf('u.deadline')},
        ${instantOf('u.not_before')}, u.missed_count, ${instantOf('u.missed_from')}, u.is_closed
      from ${FIRE_ARRAYS}
      on conflict (schedule_id, instant) do update set outcome = excluded.outcome, reason = excluded.reason,
        is_closed = excluded.is_closed, changed_at = now()
      where f.outcome = 'waiting' and (excluded.outcome <> 'waiting' or f.reason::text is distinct from excluded.reason::text)`,
    values: fireArrays(fires),
  });
}
