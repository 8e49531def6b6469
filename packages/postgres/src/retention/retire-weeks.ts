/**
 * Dropping partitions. Where of the runs of some past weeks nearly all are to go, the few others are copied into one new
 * partition for those weeks, the old ones are dropped and it takes their place: one short transaction, in which the tables are
 * locked against everybody. It gives up at once where it cannot have them, and whoever waits for it waits for a moment only.
 */
import { buryRuns, NAMED_FOR, PARENTS_TO_BE } from './delete-runs.ts';
import type { Deleted } from './delete-runs.ts';
import { keepAccount } from './keep-account.ts';
import type { Session } from './session.ts';
import { GONE, lockTables, prepareSwaps, sizeOf, swapPartitions } from './swap-partitions.ts';
import type { Swap } from './swap-partitions.ts';
import type { Week } from './weeks.ts';

/** So many steps may the runs have, in sum, that are copied while the tables are locked. */
const MOVED_STEPS = 2000;
/** Each week is ten more tables to drop. */
const MOST_WEEKS = 4;
/** Below this, deleting row by row is no more trouble than locking the tables. */
const WORTH_RUNS = 1000;
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
    const fits = steps <= MOVED_STEPS && last !== undefined && last.length < MOST_WEEKS;
    if (fits && last.at(-1)?.to === week.from) last.push(week);
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
  const doomed = await countDoomed(session, runs);
  await listKept(session, runs);
  try {
    return await session.transaction(async () => {
      // All that can be done beforehand is, so that the tables are locked for as short as can be.
      const swaps = await prepareSwaps(session, weeks);
      const before = await sizeOf(session, swaps);
      await lockTables(session, swaps);
      const moved = await keepWhatMoved(session, { runs, swaps, markedAt });
      if (doomed.recent > 0) await buryRuns(session, GONE, [runs]);
      await keepAccount(session, GONE, [runs]);
      for (const swap of swaps) await swapPartitions(session, swap, runs);
      return { runs: doomed.all - moved, bytes: Math.max(0, before - (await sizeOf(session, swaps))) };
    });
  } catch (error) {
    if (isLocked(error)) return 'locked';
    throw error;
  }
}

async function countDoomed(session: Session, weeks: string[]): Promise<{ all: number; recent: number }> {
  const [count] = await session.rows<{ all: number; recent: number }>(
    `select count(*)::int as all, count(*) filter (where ended_at > now() - ${NAMED_FOR})::int as recent
      from doomed where week = any($1)`,
    [weeks],
  );
  return count ?? { all: 0, recent: 0 };
}

async function listKept(session: Session, weeks: readonly string[]): Promise<void> {
  await session.rows('truncate kept');
  for (const week of weeks) {
    await session.rows(
      `insert into kept select r.id from ${week} r where not exists (select 1 from doomed d where d.id = r.id)`,
    );
  }
  await session.rows('analyze kept');
}

type Moved = { runs: string[]; swaps: readonly Swap[]; markedAt: string };

/** What was steered, started or written to since it was marked stays as well. Gives how many of those were to go. */
async function keepWhatMoved(session: Session, { runs, swaps, markedAt }: Moved): Promise<number> {
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
  const [moved] = await session.rows<{ n: number }>(
    'select count(*)::int as n from kept k join doomed d on d.id = k.id',
  );
  return moved?.n ?? 0;
}

class TooMuchMoved extends Error {}

/** The tables were not to be had in time, or runs have moved. */
function isLocked(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return error instanceof TooMuchMoved || code === '55P03' || code === '40P01' || code === '57014';
}
