/** What is due, or was forgotten: timers (rule A12), unread mail and left-over inline nodes (rules A10, A11). */
import type { Mail } from '@weft/engine/domain';
import type { DueTimer } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

export async function dueTimers(pool: Pool, withinMs: number, limit: number): Promise<DueTimer[]> {
  return query<DueTimer>(pool, {
    name: 'due-timers',
    text: `select run_id as "runId", key, kind, attempt, round(extract(epoch from due_at) * 1000)::float8 as "dueAt",
        round(extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as "inMs"
      from timer where due_at <= now() + make_interval(secs => $1::float8 / 1000)
      order by due_at limit $2`,
    values: [withinMs, limit],
  });
}

export async function neglectedRuns(pool: Pool, olderThanMs: number, limit: number): Promise<string[]> {
  const rows = await query<{ run_id: string }>(pool, {
    name: 'neglected-runs',
    text: `(select distinct run_id from inbox
        where topic is null and created_at <= now() - make_interval(secs => $1::float8 / 1000) limit $2)
      union
      (select distinct run_id from task
        where status = 'ready' and lane is null
          and ready_at <= now() - make_interval(secs => $1::float8 / 1000) limit $2)`,
    values: [olderThanMs, limit],
  });
  return rows.map((row) => row.run_id);
}

/** A run that is not there yet and is to be started as a child has nothing but mail. */
export async function startMail(pool: Pool, runId: string): Promise<Mail | null> {
  const [mail] = await query<Mail>(pool, {
    name: 'start-mail',
    text: `select id, kind, payload from inbox i where run_id = $1 and kind = 'start' and topic is null
        and not exists (select 1 from run r where r.id = i.run_id)
      order by id limit 1`,
    values: [runId],
  });
  return mail ?? null;
}
