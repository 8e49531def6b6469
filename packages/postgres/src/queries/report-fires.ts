/** What became of firings that were tried, and of those that are added by hand. */
import type { FireReport, FireRecord, ScheduleRecord, ScheduleWake } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Client } from '../connection.ts';
import { json } from '../rows.ts';
import { FIRE_ARRAYS, fireArrays, instantOf } from '../schedule-row.ts';

/** Whoever changes one schedule holds no other lock; here the order keeps two reports from waiting for each other. */
export function sendReports(
  client: Client,
  reports: readonly FireReport[],
  wakes: readonly ScheduleWake[],
): Promise<unknown>[] {
  return [
    ...(reports.length === 0 ? [] : [writeReports(client, reports)]),
    ...(wakes.length === 0 ? [] : [moveWakes(client, wakes, reports)]),
  ];
}

function writeReports(client: Client, reports: readonly FireReport[]): Promise<unknown> {
  return client.query({
    name: 'report-fires',
    text: `update schedule_fire f set outcome = case when u.retry_at is null then 'failed' else 'waiting' end,
        is_closed = u.retry_at is null, reason = u.reason, not_before = ${instantOf('u.retry_at')},
        deadline = ${instantOf('u.deadline')}, changed_at = now()
      from unnest($1::uuid[], $2::float8[], $3::json[], $4::float8[], $5::float8[])
        as u (schedule_id, instant, reason, retry_at, deadline)
      where f.schedule_id = u.schedule_id and f.instant = ${instantOf('u.instant')} and f.outcome = 'waiting'`,
    values: [
      reports.map(({ scheduleId }) => scheduleId),
      reports.map(({ instant }) => instant),
      reports.map(({ reason }) => json(reason)),
      reports.map(({ retryAt }) => retryAt),
      reports.map(({ deadline }) => deadline),
    ].map(arrayText),
  });
}

function moveWakes(client: Client, wakes: readonly ScheduleWake[], reports: readonly FireReport[]): Promise<unknown> {
  const failed = Map.groupBy(
    reports.filter(({ retryAt }) => retryAt === null),
    ({ scheduleId }) => scheduleId,
  );
  const ordered = wakes.toSorted((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
  return client.query({
    name: 'move-wakes',
    text: `update schedule s set failures = s.failures + u.failed,
        wake_at = case when s.wake_at is not distinct from ${instantOf('u.if_wake_at')} then ${instantOf('u.wake_at')} else s.wake_at end
      from unnest($1::uuid[], $2::float8[], $3::float8[], $4::int[]) as u (id, if_wake_at, wake_at, failed)
      where s.id = u.id`,
    values: [
      ordered.map(({ scheduleId }) => scheduleId),
      ordered.map(({ ifWakeAt }) => ifWakeAt),
      ordered.map(({ wakeAt }) => wakeAt),
      ordered.map(({ scheduleId }) => failed.get(scheduleId)?.length ?? 0),
    ].map(arrayText),
  });
}

/** Adds firings, also where an instant was left out before. Gives how many. */
export async function addFires(
  client: Client,
  { id }: Pick<ScheduleRecord, 'id'>,
  fires: readonly FireRecord[],
  requestKey: string | null,
): Promise<number> {
  if (fires.length === 0) return 0;
  const { rows } = await client.query<{ n: number }>({
    name: 'add-fires',
    text: `with added as (
        insert into schedule_fire as f (schedule_id, instant, kind, outcome, overlap, deadline, is_closed, request_key)
        select u.schedule_id, ${instantOf('u.instant')}, u.kind, u.outcome, u.overlap, ${instantOf('u.deadline')}, u.is_closed, $13
        from ${FIRE_ARRAYS}
        on conflict (schedule_id, instant) do update set kind = excluded.kind, outcome = 'waiting', overlap = excluded.overlap,
          reason = null, deadline = excluded.deadline, not_before = null, missed_count = null, missed_from = null,
          is_closed = false, changed_at = now()
        where f.outcome in ('skipped', 'missed', 'failed')
        returning 1
      ) select count(*)::int as n from added`,
    values: [...fireArrays(fires.map((fire) => ({ scheduleId: id, fire }))), requestKey],
  });
  return rows[0]?.n ?? 0;
}
