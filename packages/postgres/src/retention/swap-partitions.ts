/** Putting one partition in the place of several, in all tables that grow with runs. Within a transaction of the caller. */
import { PARTITIONED } from '../queries/partitions.ts';
import type { Session } from './session.ts';
import { columnsOf, runColumn, weeksOf } from './weeks.ts';
import type { Week } from './weeks.ts';

/** Below the server's deadlock_timeout (1 s): of those who wait for each other, it is always this one that gives up. */
const LOCK_TIMEOUT = '200ms';
/** Of all locks together, and of each statement under them. */
const LOCKS_TIMEOUT = '400ms';
const WORK_TIMEOUT = '5s';

/** `into`: name and bounds of the new partition; null where those of this table do not fit, and rows are deleted instead. */
export type Swap = { table: string; columns: string; old: Week[]; into: Week | null };

/** What goes of the weeks `$1`: all that was marked and does not stay. */
export const GONE = `select id, tenant, ended_at from doomed where week = any($1) and id not in (select id from kept)`;

/** Makes the new partitions, which are not yet any. */
export async function prepareSwaps(session: Session, weeks: readonly Week[]): Promise<Swap[]> {
  const [from = '', to = ''] = [weeks[0]?.from, weeks.at(-1)?.to];
  const columns = await columnsOf(session);
  const swaps: Swap[] = [];
  for (const table of PARTITIONED) {
    const all = await weeksOf(session, table);
    const old = all.filter((week) => week.from < to && week.to > from);
    const [first, last] = [old[0], old.at(-1)];
    const fits = first && last && first.from >= from && last.to <= to;
    const into = fits ? { name: last.name, from: first.from, to: last.to } : null;
    swaps.push({ table, columns: (columns.get(table) ?? []).join(', '), old, into });
    if (into) await makeFresh(session, table, into);
  }
  return swaps;
}

/** With the storage options of the partition whose name it gets, and the indexes that it must have. */
async function makeFresh(session: Session, table: string, { name }: Week): Promise<void> {
  const [storage] = await session.rows<{ options: string | null }>(
    `select array_to_string(reloptions, ', ') as options from pg_class where oid = $1::regclass`,
    [name],
  );
  const options = storage?.options ? ` with (${storage.options})` : '';
  const like = `like ${table} including defaults including constraints including indexes`;
  await session.rows(`create table ${freshName(table)} (${like})${options}`);
}

function freshName(table: string): string {
  return `${table}_retiring`;
}

/** Keeps everybody out of the tables: the heads first, as everybody does. Rejects if they are not to be had in time. */
export async function lockTables(session: Session, swaps: readonly Swap[]): Promise<void> {
  const tables = swaps.map(({ table }) => `only ${table}`);
  const partitions = swaps.flatMap(({ old }) => old.map(({ name }) => name));
  await session.rows(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
  await session.rows(`set local statement_timeout = '${LOCKS_TIMEOUT}'`);
  await session.rows(`lock table ${[...tables, ...partitions].join(', ')} in access exclusive mode`);
  await session.rows(`set local statement_timeout = '${WORK_TIMEOUT}'`);
  // What stays is found by index, however few rows there were when the tables were last analyzed.
  await session.rows('set local enable_hashjoin = off');
  await session.rows('set local enable_mergejoin = off');
}

/** Leaves of these weeks the rows of the runs in `kept`. */
export async function swapPartitions(session: Session, swap: Swap, weeks: readonly string[]): Promise<void> {
  const { table, columns, old, into } = swap;
  const run = runColumn(table);
  if (!into) {
    await session.rows(`delete from ${table} t where t.${run} in (select id from (${GONE}) as gone)`, [weeks]);
    return;
  }
  const fresh = freshName(table);
  for (const { name } of old) {
    await session.rows(
      `insert into ${fresh} (${columns}) select ${columns} from ${name} t where t.${run} in (select id from kept)`,
    );
  }
  await session.rows(`drop table ${old.map(({ name }) => name).join(', ')}`);
  await session.rows(`alter table ${fresh} rename to ${into.name}`);
  await session.rows(
    `alter table ${table} attach partition ${into.name} for values from ('${into.from}') to ('${into.to}')`,
  );
}

/** What the partitions take on disk, before or after the swap. */
export async function sizeOf(session: Session, swaps: readonly Swap[]): Promise<number> {
  const names = new Set(swaps.flatMap(({ old, into }) => (into ? old.map(({ name }) => name) : [])));
  const [row] = await session.rows<{ bytes: number }>(
    `select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::float8 as bytes from unnest($1::text[]) as name`,
    [[...names]],
  );
  return row?.bytes ?? 0;
}
