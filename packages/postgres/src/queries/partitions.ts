/** The weekly partitions of the tables that grow with runs. */
import { uuidTimeMs } from '@weft/engine/domain';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { NOW } from '../database-clock.ts';

/** Named here once: what grows with runs has partitions, and belongs to a run. */
export const PARTITIONED: readonly string[] = [
  'run',
  'run_body',
  'task',
  'task_join',
  'step',
  'channel_write',
  'timer',
  'inbox',
  'usage',
  'send_chunk',
];
/** Rows that every settle rewrites keep room for the next version on their page. */
const FILLFACTOR: Readonly<Record<string, number>> = { run: 50, task: 80 };

const WEEK_MS = 7 * 24 * 3_600_000;
/** A Monday, so that partitions begin on Mondays. */
const FIRST_WEEK = Date.UTC(2024, 0, 1);
const WEEKS_AHEAD = 4;
/** Of the advisory lock under which partitions are made. */
const LOCK = 7_283_111;
const NO_LIMIT_BEFORE = '00000000-0000-0000-0000-000000000000';

type Partition = { table: string; name: string; from: string; to: string };

/** How long the list of partitions is believed, ms: new ones are made weeks ahead. */
const BELIEVED_MS = 3_600_000;

/** Knows the partition of a run, so that a hot statement can name it instead of all of them. */
export class Partitions {
  readonly #pool: Pool;
  #weeks: { end: number; suffix: string }[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** What follows a table's name in that of the run's partition; empty where that is not known (yet). */
  suffixOf(runId: string): string {
    if (performance.now() - this.#readAt > BELIEVED_MS) void this.#read();
    const at = uuidTimeMs(runId);
    return this.#weeks.find(({ end }) => at < end)?.suffix ?? '';
  }

  /** What is known is out of date. */
  forget(): void {
    this.#weeks = [];
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** What fails is tried again with the next question; until then tables find their partitions themselves. */
  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const text =
        "select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'run'::regclass";
      const rows = await query<{ name: string }>(this.#pool, { text });
      const weeks = rows.flatMap(({ name }) => weekOf('run', name) ?? []).toSorted((a, b) => a - b);
      this.#weeks = weeks.map((week) => ({ end: week + WEEK_MS, suffix: nameOf('', week) }));
      this.#readAt = performance.now();
    } catch {
      this.#weeks = [];
    } finally {
      this.#isReading = false;
    }
  }
}

/** Makes what is missing of the partitions of this week and the next four. Several may call it at once. */
export async function makePartitions(pool: Pool): Promise<void> {
  const rows = await query<{ name: string; now: number }>(pool, {
    text: `select c.relname::text as name, ${NOW} as now from pg_class p
      left join (pg_inherits i join pg_class c on c.oid = i.inhrelid) on i.inhparent = p.oid
      where p.oid = any($1::regclass[])`,
    values: [PARTITIONED],
  });
  const now = rows[0]?.now ?? 0;
  const thisWeek = FIRST_WEEK + Math.floor((now - FIRST_WEEK) / WEEK_MS) * WEEK_MS;
  const weeks = Array.from({ length: WEEKS_AHEAD + 1 }, (_, n) => thisWeek + n * WEEK_MS);
  const names = new Set(rows.map((row) => row.name));
  const missing = PARTITIONED.flatMap((table) => missingOf(table, weeks, names));
  if (missing.length > 0) await create(pool, missing);
}

/**
 * One partition a week. It begins where the one before it ends, even if that is weeks ago because nobody was there to make
 * those between; the very first takes all earlier ids. So an id from a clock that is behind always has its place.
 */
function missingOf(table: string, weeks: readonly number[], names: ReadonlySet<string>): Partition[] {
  const newest = Math.max(...[...names].flatMap((name) => weekOf(table, name) ?? []));
  let end = newest > 0 ? firstId(newest + WEEK_MS) : NO_LIMIT_BEFORE;
  return weeks
    .filter((week) => week > newest)
    .map((week) => {
      const from = end;
      end = firstId(week + WEEK_MS);
      return { table, name: nameOf(table, week), from, to: end };
    });
}

function nameOf(table: string, week: number): string {
  return `${table}_${new Date(week).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function weekOf(table: string, name: string): number | null {
  const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  const week = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return nameOf(table, Number.isNaN(week) ? 0 : week) === name ? week : null;
}

/** The smallest UUID whose time prefix is the instant. */
function firstId(at: number): string {
  const hex = at.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * A table that is made alone and then attached is not noticed by those who work: attaching locks the parent against
 * other such changes only, as long as there is no default partition.
 */
async function create(pool: Pool, partitions: readonly Partition[]): Promise<void> {
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
