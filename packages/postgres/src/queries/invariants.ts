/**
 * What must hold of a database after every commit, as statements that give back whatever breaks it. Suites and soak tests
 * run them; each row names the run and what is wrong.
 */
import { Client } from 'pg';
import type { ClientBase } from 'pg';

import { ENDED, LIVE, OF_WAITS } from './invariants-of-waits.ts';
import { PARTITIONED } from './partitions.ts';

const FINAL = `('succeeded', 'failed', 'skipped')`;
const LAST_STEP = `('run_ended', 'cancelled')`;
/** The journal of a fork goes on with the numbers of the run that it was forked from. */
const FIRST_STEP = `(case when r.forked_step > 0 then r.forked_step else 0 end + 1)`;

const OF_RUNS = {
  'a run has a known status, and an end once that is final': `select id as run, status as what from run
    where status not in ('pending', 'running', 'interrupted', 'succeeded', 'failed', 'cancelled')
      or (ended_at is not null) <> (status in ${ENDED})`,
  'a run has a body':
    'select id as run, null as what from run r where not exists (select 1 from run_body b where b.run_id = r.id)',
  'an open run can move: a live task, a question or unread mail': `select id as run, status as what from run r
    where status not in ${ENDED} and live = 0 and asking = 0
      and not exists (select 1 from inbox i where i.run_id = r.id and i.topic is null)`,
  'an ended run has no live task, or mail to close the rows': `select id as run, format('live %s', live) as what from run r
    where status in ${ENDED} and (live <> 0 or (
      exists (select 1 from task t where t.run_id = r.id and t.status in ${LIVE})
      and not exists (select 1 from inbox i where i.run_id = r.id and i.kind = 'close')))`,
  'a run counts its open joins': `select r.id as run, format('%s, but there are %s', r.open_joins, j.n) as what from run r
    cross join lateral (select count(*) as n from task_join where run_id = r.id and not fired) as j
    where r.open_joins <> j.n`,
  'a run counts what it is blamed for, and does not succeed with it': `select r.id as run, t.n::text as what from run r
    cross join lateral (select count(*) as n from task where run_id = r.id and blamed and not superseded) as t
    where r.failed <> t.n or (r.status = 'succeeded' and t.n > 0)`,
} as const;

const OF_JOURNALS = {
  'steps are numbered without gaps, up to that of the head': `select r.id as run, format('%s, head %s', s.n, r.step) as what
    from run r cross join lateral (
      select count(*) as n, coalesce(min(step), 0) as low, coalesce(max(step), 0) as high from step where run_id = r.id
    ) as s
    where s.high <> r.step or s.n <> r.step - s.low + 1 or s.low <> ${FIRST_STEP}`,
  'a run has ended exactly if its last step says so': `select r.id as run, s.type as what from run r
    join lateral (
      select type from step where run_id = r.id and type not in ('migrated', 'discarded') order by step desc limit 1
    ) as s on true
    where (r.status in ${ENDED}) <> (s.type in ${LAST_STEP}) and s.type <> 'forked'`,
  'an epoch ends once': `select run_id as run, epoch::text as what from step where type in ${LAST_STEP}
    group by run_id, epoch having count(*) > 1`,
  'after an end comes nothing but a retry, a replay, a move to another version, or letters put away': `select s.run_id as run, after.type as what from step s
    join step after on after.run_id = s.run_id and after.step = s.step + 1
    where s.type in ${LAST_STEP} and after.type not in ('retried', 'replayed', 'migrated', 'discarded')`,
  'a task is settled once in an epoch, and again for each time that it was taken up as a dead letter': `select s.run_id as run, s.key as what
    from step s where s.type in ('task_succeeded', 'task_failed', 'task_skipped') group by s.run_id, s.epoch, s.key
    having count(*) > 1 and count(*) > 1 + (
      select count(*) from step again where again.run_id = s.run_id and again.epoch = s.epoch and again.type = 'retried'
        and exists (select 1 from json_array_elements(again.facts->'tasks') as fact where fact->>'key' = s.key))`,
  'a task is settled exactly if it has the step that says so': `select t.run_id as run, t.key as what from task t
    left join step s on s.run_id = t.run_id and s.step = t.settled_step and s.key = t.key
    join run r on r.id = t.run_id
    where t.settled_step >= ${FIRST_STEP} is not false
      and ((t.status in ${FINAL}) <> (s.step is not null) or (s.step is null) <> (t.settled_step is null))`,
} as const;

const OF_TASKS = {
  'a timer has a live task that waits for it': `select i.run_id as run, i.key as what from timer i
    left join run r on r.id = i.run_id
    where not exists (select 1 from inbox m where m.run_id = i.run_id and m.kind = 'close') and (
      r.status is null or r.status in ${ENDED} or not exists (
        select 1 from task t
        where t.run_id = i.run_id and t.key = i.key and t.attempt = i.attempt and t.status in ${LIVE}))`,
  'a task has a known status': `select run_id as run, key as what from task
    where status not in ${LIVE} and status not in ${FINAL} and status <> 'cancelled'`,
  'a write is a base or a delta': `select run_id as run, channel as what from channel_write
    where kind not in ('base', 'delta')`,
  'a running task has a worker and a start': `select run_id as run, key as what from task
    where status = 'running' and (worker is null or started_at is null)`,
  'a task without a lane is never offered': `select run_id as run, key as what from task
    where lane is null and offered_at is not null`,
  'an attempt counts every failure and crash': `select run_id as run, key as what from task
    where attempt < failures + crashes or attempt < 1`,
  'nothing is spent by attempts that never were': `select u.run_id as run, u.key as what from usage u
    left join task t on t.run_id = u.run_id and t.key = u.key and t.epoch = u.epoch
    where t.attempt is null or u.attempt > t.attempt`,
  'a task is of the tenant of its run': `select t.run_id as run, t.key as what from task t
    join run r on r.id = t.run_id where t.tenant <> r.tenant`,
} as const;

const OF_ORPHANS = {
  // Mail may come before its run.
  'nothing is left without its run': PARTITIONED.filter((table) => table !== 'run' && table !== 'inbox')
    .map((table) => `select run_id as run, '${table}' as what from ${table} where run_id not in (select id from run)`)
    .join(' union all '),
  'mail is for a run that exists, or is about to be started': `select run_id as run, kind as what from inbox i
    where run_id not in (select id from run)
      and not exists (select 1 from inbox s where s.run_id = i.run_id and s.kind = 'start')`,
  'a key stands for a run that exists, or was deleted while the key was good': `select run_id as run, key as what
    from idempotency where run_id not in (select id from run) and run_id not in (select run_id from pruned_run)`,
} as const;

const OF_BUDGETS = {
  'a budget has reserved what its reservations say': `select b.id as run,
      format('%s USD and %s tokens, but there are %s and %s', b.reserved_usd, b.reserved_tokens, coalesce(v.usd, 0), coalesce(v.tokens, 0)) as what
    from budget b left join (
      select b as id, sum(usd) as usd, sum(tokens) as tokens from reservation cross join unnest(budgets) as b group by b
    ) as v on v.id = b.id
    where b.reserved_usd <> coalesce(v.usd, 0) or b.reserved_tokens <> coalesce(v.tokens, 0)`,
  'a budget of a run has its run, which knows of it': `select b.id as run, b.kind as what from budget b
    where b.kind = 'run' and not exists (select 1 from run r where r.id = b.id and r.payer->'runs' is not null)`,
} as const;

const INVARIANTS: Readonly<Record<string, string>> = {
  ...OF_RUNS,
  ...OF_JOURNALS,
  ...OF_TASKS,
  ...OF_WAITS,
  ...OF_BUDGETS,
  ...OF_ORPHANS,
};

/** Rows shown of one broken invariant. */
const SHOWN = 5;

/** Connects and says, a line each, which invariants are broken, and where. */
export async function checkInvariants(connectionString: string): Promise<string[]> {
  // One long statement over all partitions: to compile it would take far longer than to run it.
  const client = new Client({ connectionString, options: '-c jit=off' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await brokenInvariants(client);
  } finally {
    await client.end();
  }
}

/** All in one snapshot, so that they may be asked for while the database is at work. */
export async function brokenInvariants(client: ClientBase): Promise<string[]> {
  const parts = Object.entries(INVARIANTS).map(
    ([, sql], index) => `select ${index} as n, i.run::text, i.what::text from (${sql}) as i`,
  );
  const { rows } = await client.query<{ n: number; run: string; what: string | null }>(parts.join(' union all '));
  const names = Object.keys(INVARIANTS);
  return [...Map.groupBy(rows, (row) => row.n)].map(([n, broken]) => {
    const places = broken.slice(0, SHOWN).map(placeOf);
    return `${names[n]}: ${places.join(', ')}${broken.length > SHOWN ? ` and ${broken.length - SHOWN} more` : ''}`;
  });
}

export type BrokenPlace = { run: string; what: string | null };

export function placeOf({ run, what }: BrokenPlace): string {
  return what === null ? run : `${run} (${what})`;
}

/**
 * The same statements, each by itself, about the runs from one id on: ids are in order of time. `$1` is that id. The tables
 * are shadowed by what of them belongs to those runs.
 */
export function invariantsFrom(): { name: string; sql: string }[] {
  const parts = [...PARTITIONED, 'idempotency'].map(
    (table) => `${table} as not materialized (select * from ${table} where ${table === 'run' ? 'id' : 'run_id'} >= $1)`,
  );
  return Object.entries(INVARIANTS).map(([name, sql]) => ({
    name,
    sql: `with ${parts.join(', ')} select i.run::text, i.what::text from (${sql}) as i limit 1000`,
  }));
}
