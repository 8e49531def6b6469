/**
 * Dropping partitions. Where of the runs of some past weeks nearly all are to go, the few others are copied into one new
 * partition for those weeks, the old ones are dropped and it takes their place: one short transaction, in which the tables are
 * locked against everybody. It gives up at once where it cannot have them, and whoever waits for it waits for a moment only.
 */
import { PARTITIONED } from '../queries/partitions.ts';
import { buryRuns, PARENTS_TO_BE } from './delete-runs.ts';
import type { Deleted } from './delete-runs.ts';
import type { Session } from './session.ts';
import { columnsOf, runColumn, weeksOf } from './weeks.ts';
import type { Week } from './weeks.ts';

/** So many steps may the runs have, in sum, that are copied while the tables are locked. */
const MOVED_STEPS = 2000;
/** Below this, deleting row by row is no more trouble than locking the tables. */
const WORTH_RUNS = 1000;
/** Below the server's deadlock_timeout (1 s): of those who wait for each other, it is always this one that gives up. */
const LOCK_TIMEOUT = '200ms';
/** Of all locks together, and of each statement under them. */
const LOCKS_TIMEOUT = '400ms';
const WORK_TIMEOUT = '5s';
/** Of a run that ended so recently the mark may know nothing. */
const RECENT = `interval '1 minute'`;

/** What stays of a week, and what goes. */
export type WeekCount = Week & { doomed: number; stays: number; staySteps: number };

/** Runs of weeks that follow each other, all of them past, which one partition can take the place of. */
export function groupWeeks(weeks: readonly WeekCount[]): WeekCount[][] {
  const groups: WeekCount[][] = [];
  let steps = Number.POSITIVE_INFINITY;
  for (const week of weeks) {
    steps += week.staySteps;
    const last = groups.at(-1);
    if (last && steps <= MOVED_STEPS && last.at(-1)?.to === week.from) last.push(week);
    else {
      groups.push([week]);
      steps = week.staySteps;
    }
  }
  return groups.map((group) => upToDoomed(group)).filter((group) => isWorthIt(group));
}

/** Weeks of which nothing goes have to move only if they lie before one of which something does. */
function upToDoomed(group: readonly WeekCount[]): WeekCount[] {
  return group.slice(0, group.findLastIndex(({ doomed, stays }) => doomed > 0 || stays === 0) + 1);
}

function isWorthIt(group: readonly WeekCount[]): boolean {
  const sum = (of: (week: WeekCount) => number) => group.reduce((total, week) => total + of(week), 0);
  if (sum(({ staySteps }) => staySteps) > MOVED_STEPS) return false;
  return sum(({ doomed }) => doomed) >= WORTH_RUNS || group.length > 1;
}

export async function countWeeks(session: Session, weeks: readonly Week[]): Promise<WeekCount[]> {
  const counts: WeekCount[] = [];
  for (const week of weeks) {
    const [row] = await session.rows<Omit<WeekCount, keyof Week>>(
      `select count(d.id)::int as doomed, count(*) filter (where d.id is null)::int as stays,
          coalesce(sum(r.step + 1) filter (where d.id is null), 0)::float8 as "staySteps"
        from ${week.name} r left join doomed d on d.id = r.id`,
    );
    if (row) counts.push({ ...week, ...row });
  }
  return counts;
}

/** Past the lock: the swap took place, or the tables were not to be had. */
export type Retired = Deleted | 'locked';

/** Replaces the partitions of these weeks by one with what stays. */
export async function retireWeeks(session: Session, weeks: readonly Week[], markedAt: string): Promise<Retired> {
  const runs = weeks.map(({ name }) => name);
  const [first, last] = [weeks[0], weeks.at(-1)];
  if (!first || !last) return { runs: 0, bytes: 0 };
  const columns = await columnsOf(session);
  await session.rows('truncate kept');
  for (const name of runs) {
    await session.rows(
      `insert into kept select r.id from ${name} r where not exists (select 1 from doomed d where d.id = r.id)`,
    );
  }
  try {
    return await session.transaction(async () => {
      const swaps = await swapsOf(session, { from: first.from, to: last.to });
      await lock(session, swaps);
      await keepWhatMoved(session, { runs, swaps, markedAt });
      const before = await sizeOf(session, swaps);
      const gone = `select id, tenant, ended_at from doomed where week = any($1) and id not in (select id from kept)`;
      await buryRuns(session, gone, [runs]);
      const [count] = await session.rows<{ n: number }>(`select count(*)::int as n from (${gone}) as gone`, [runs]);
      for (const swap of swaps) await swapOne(session, swap, { columns: columns.get(swap.table) ?? [], weeks: runs });
      return { runs: count?.n ?? 0, bytes: Math.max(0, before - (await sizeOf(session, swaps))) };
    });
  } catch (error) {
    if (isLocked(error)) return 'locked';
    throw error;
  }
}

/** `name` and the bounds of the new partition; null where those of this table do not fit, and rows are deleted instead. */
type Swap = { table: string; old: Week[]; into: Week | null };

async function swapsOf(session: Session, { from, to }: { from: string; to: string }): Promise<Swap[]> {
  const swaps: Swap[] = [];
  for (const table of PARTITIONED) {
    const all = await weeksOf(session, table);
    const old = all.filter((week) => week.from < to && week.to > from);
    const [first, last] = [old[0], old.at(-1)];
    const fits = first && last && first.from >= from && last.to <= to;
    swaps.push({ table, old, into: fits ? { name: last.name, from: first.from, to: last.to } : null });
  }
  return swaps;
}

/** The heads first, as everybody does. */
async function lock(session: Session, swaps: readonly Swap[]): Promise<void> {
  const tables = swaps.map(({ table }) => `only ${table}`);
  const partitions = swaps.flatMap(({ old }) => old.map(({ name }) => name));
  await session.rows(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
  await session.rows(`set local statement_timeout = '${LOCKS_TIMEOUT}'`);
  await session.rows(`lock table ${[...tables, ...partitions].join(', ')} in access exclusive mode`);
  await session.rows(`set local statement_timeout = '${WORK_TIMEOUT}'`);
}

type Moved = { runs: string[]; swaps: readonly Swap[]; markedAt: string };

/** What was steered, started or written to since it was marked stays as well. */
async function keepWhatMoved(session: Session, { runs, swaps, markedAt }: Moved): Promise<void> {
  for (const name of runs) {
    await session.rows(
      `insert into kept select id from ${name}
        where ended_at is null or ended_at > $1::timestamptz - ${RECENT} on conflict do nothing`,
      [markedAt],
    );
  }
  const inbox = swaps.find(({ table }) => table === 'inbox');
  for (const { name } of inbox?.old ?? []) {
    await session.rows(
      `insert into kept select run_id from ${name} where topic is null union ${PARENTS_TO_BE} on conflict do nothing`,
    );
  }
  const stays = runs.map((name) => `select sum(r.step + 1) as n from kept k join ${name} r on r.id = k.id`);
  const [row] = await session.rows<{ n: number }>(
    `select coalesce(sum(n), 0)::float8 as n from (${stays.join(' union all ')}) as part`,
  );
  if ((row?.n ?? 0) > 2 * MOVED_STEPS) throw new TooMuchMoved();
}

class TooMuchMoved extends Error {}

async function swapOne(
  session: Session,
  { table, old, into }: Swap,
  { columns, weeks }: { columns: string[]; weeks: string[] },
): Promise<void> {
  const run = runColumn(table);
  if (!into) {
    const gone = 'select id from doomed where week = any($1) and id not in (select id from kept)';
    await session.rows(`delete from ${table} t where t.${run} in (${gone})`, [weeks]);
    return;
  }
  const fresh = `${table}_retiring`;
  const list = columns.join(', ');
  const [storage] = await session.rows<{ options: string | null }>(
    `select array_to_string(reloptions, ', ') as options from pg_class where oid = $1::regclass`,
    [into.name],
  );
  const options = storage?.options ? ` with (${storage.options})` : '';
  await session.rows(`create table ${fresh} (like ${table} including defaults including constraints)${options}`);
  for (const { name } of old) {
    await session.rows(
      `insert into ${fresh} (${list}) select ${list} from ${name} t where t.${run} in (select id from kept)`,
    );
  }
  await session.rows(`drop table ${old.map(({ name }) => name).join(', ')}`);
  await session.rows(`alter table ${fresh} rename to ${into.name}`);
  await session.rows(
    `alter table ${table} attach partition ${into.name} for values from ('${into.from}') to ('${into.to}')`,
  );
}

async function sizeOf(session: Session, swaps: readonly Swap[]): Promise<number> {
  const names = new Set(swaps.flatMap(({ old, into }) => (into ? old.map(({ name }) => name) : [])));
  const [row] = await session.rows<{ bytes: number }>(
    `select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::float8 as bytes from unnest($1::text[]) as name`,
    [[...names]],
  );
  return row?.bytes ?? 0;
}

/** The tables were not to be had in time, or runs have moved. */
function isLocked(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return error instanceof TooMuchMoved || code === '55P03' || code === '40P01' || code === '57014';
}
