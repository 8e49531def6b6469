/** Housekeeping: partitions ahead of time, and keys that have expired. */
import type { Pool } from 'pg';

import { query } from '../connection.ts';

const PARTITIONED = ['run', 'run_body', 'task', 'task_join', 'step', 'channel_write', 'timer', 'inbox', 'usage'];
const WEEK_MS = 7 * 24 * 3_600_000;
/** A Monday, so that partitions begin on Mondays. */
const FIRST_WEEK = Date.UTC(2024, 0, 1);
const WEEKS_AHEAD = 4;
const LOCK = 7_283_111;
const NO_LIMIT_BEFORE = '00000000-0000-0000-0000-000000000000';

/** Rows that every settle rewrites keep room for the next version on their page. */
const FILLFACTOR: Record<string, number> = { run: 50, task: 80 };

export async function maintain(pool: Pool): Promise<void> {
  const [clock] = await query<{ now: number }>(pool, {
    text: 'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  });
  const thisWeek = FIRST_WEEK + Math.floor(((clock?.now ?? 0) - FIRST_WEEK) / WEEK_MS) * WEEK_MS;
  const weeks = Array.from({ length: WEEKS_AHEAD + 1 }, (_, n) => thisWeek + n * WEEK_MS);
  const missing = await missingPartitions(pool, weeks);
  if (missing.length > 0) await createPartitions(pool, missing);
  await query(pool, { text: `delete from idempotency where created_at < now() - interval '8 days'` });
}

type Partition = { table: string; name: string; from: string; to: string };

/** One partition a week; the first that is made also takes ids of earlier times, from clocks that were behind. */
async function missingPartitions(pool: Pool, weeks: number[]): Promise<Partition[]> {
  const rows = await query<{ name: string }>(pool, {
    text: `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = any($1::regclass[])`,
    values: [PARTITIONED],
  });
  const known = new Set(rows.map((row) => row.name));
  const wanted = PARTITIONED.flatMap((table) =>
    weeks.map((week, index): Partition => {
      const name = `${table}_${new Date(week).toISOString().slice(0, 10).replaceAll('-', '')}`;
      const isFirst = known.size === 0 && index === 0;
      return { table, name, from: isFirst ? NO_LIMIT_BEFORE : firstId(week), to: firstId(week + WEEK_MS) };
    }),
  );
  return wanted.filter(({ name }) => !known.has(name));
}

/**
 * A table that is made alone and then attached is not noticed by those who work: attaching locks the parent against
 * other such changes only, as long as there is no default partition.
 */
async function createPartitions(pool: Pool, partitions: Partition[]): Promise<void> {
  const statements = partitions.map(({ table, name, from, to }) => {
    const fillfactor = FILLFACTOR[table];
    const storage = fillfactor ? ` with (fillfactor = ${fillfactor})` : '';
    return `if to_regclass('${name}') is null then
        create table ${name} (like ${table} including defaults including constraints)${storage};
        alter table ${table} attach partition ${name} for values from ('${from}') to ('${to}');
      end if;`;
  });
  await query(pool, {
    text: `do $$ begin
      perform pg_advisory_xact_lock(${LOCK});
      ${statements.join('\n      ')}
    end $$`,
  });
}

/** The smallest UUID whose time prefix is the instant. */
function firstId(at: number): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
