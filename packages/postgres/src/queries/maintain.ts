/** Housekeeping: partitions ahead of time, and keys that have expired. */
import type { Pool } from 'pg';

import { query } from '../connection.ts';

const PARTITIONED = ['run', 'run_body', 'task', 'task_join', 'step', 'channel_write', 'timer', 'inbox', 'usage'];
/** Rows that every settle rewrites keep room for the next version on their page. */
const FILLFACTOR: Record<string, number> = { run: 50, task: 80 };

const WEEK_MS = 7 * 24 * 3_600_000;
/** A Monday, so that partitions begin on Mondays. */
const FIRST_WEEK = Date.UTC(2024, 0, 1);
const WEEKS_AHEAD = 2;
const LOCK = 7_283_111;

export async function maintain(pool: Pool): Promise<void> {
  const [clock] = await query<{ now: number }>(pool, {
    text: 'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  });
  const thisWeek = FIRST_WEEK + Math.floor(((clock?.now ?? 0) - FIRST_WEEK) / WEEK_MS) * WEEK_MS;
  const weeks = Array.from({ length: WEEKS_AHEAD + 1 }, (_, n) => thisWeek + n * WEEK_MS);
  for (const week of weeks) await ensureWeek(pool, week);
  await query(pool, { text: `delete from idempotency where created_at < now() - interval '8 days'` });
}

/**
 * Makes the partitions of one week. A row of that week that already lies in the default partition (the clock had been
 * wrong) keeps the week's rows there: nothing is lost, they are only not dropped by the partition.
 */
async function ensureWeek(pool: Pool, week: number): Promise<void> {
  const suffix = new Date(week).toISOString().slice(0, 10).replaceAll('-', '');
  const [known] = await query<{ known: boolean }>(pool, {
    text: 'select to_regclass($1) is not null as known',
    values: [`usage_${suffix}`],
  });
  if (known?.known) return;
  const statements = PARTITIONED.map((table) => partitionSql(table, suffix, week));
  await query(pool, {
    text: `do $$ begin
      perform pg_advisory_xact_lock(${LOCK});
      ${statements.join('\n      ')}
    exception when check_violation then
      raise notice 'rows of this week lie in the default partition';
    end $$`,
  });
}

function partitionSql(table: string, suffix: string, week: number): string {
  const fillfactor = FILLFACTOR[table];
  return (
    `create table if not exists ${table}_${suffix} partition of ${table} ` +
    `for values from ('${firstId(week)}') to ('${firstId(week + WEEK_MS)}')` +
    `${fillfactor ? ` with (fillfactor = ${fillfactor})` : ''};`
  );
}

/** The smallest UUID whose time prefix is the instant. */
function firstId(at: number): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
