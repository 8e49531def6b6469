/** Ready tasks on their way to the lanes: which wait, which are offered (rules A1, A2). */
import type { LaneList, StaleOffers, StaleOffersPage, TaskAttempt, TaskMessage } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

export type MessageRow = {
  task_id: string;
  run_id: string;
  key: string;
  node: string;
  task_epoch: number;
  run_epoch: number;
  attempt: number;
  tenant: string;
  workflow: string;
  version: number;
  lane: string;
  priority: TaskMessage['priority'];
  ready_at: number;
  crashes: number;
  payer: TaskMessage['payer'] | null;
  /** Null unless nothing has happened to the run but its start. */
  seed_live: number | null;
  run_priority: TaskMessage['priority'];
};

/** A message is a task `t` with its run `r`. */
export const MESSAGE_COLUMNS = `t.id as task_id, t.run_id, t.key, t.node, t.epoch as task_epoch, t.attempt, t.lane, t.priority,
  t.ready_at, t.crashes, r.epoch as run_epoch, r.tenant, r.workflow, r.version, r.run_priority, r.payer,
  case when r.is_as_started and t.attempt = 1 and t.failures = 0 and t.crashes = 0 then r.live end as seed_live`;

/** The step of a run's start. */
const START = 1;

/**
 * Looked up for one task after the other: joined the other way round, all open runs would be read. As it was started is a
 * run whose counts are those of its start, and in which no join has seen an edge end. A child is never taken for that: who
 * remembered it so would not know of its parent, and end it without a word.
 */
export const ITS_RUN = `cross join lateral (
    select epoch, tenant, workflow, version, payer, priority as run_priority, live,
      step = ${START} and epoch = 0 and status = 'running' and asking = 0 and generations = 0 and failed = 0 and open_joins = 0
        and parent_run is null and not exists (select from task_join j where j.run_id = run.id) as is_as_started
    from run where id = t.run_id and status in ('pending', 'running', 'interrupted') offset 0
  ) as r`;

export function toMessage(row: MessageRow): TaskMessage {
  const { seed_live: live, run_priority } = row;
  return {
    ...(live !== null && { seed: { step: START, live, priority: run_priority } }),
    taskId: row.task_id,
    runId: row.run_id,
    key: row.key,
    node: row.node,
    taskEpoch: row.task_epoch,
    runEpoch: row.run_epoch,
    attempt: row.attempt,
    workflow: { tenant: row.tenant, name: row.workflow, version: row.version },
    lane: row.lane,
    priority: row.priority,
    readyAt: row.ready_at,
    crashes: row.crashes,
    ...(row.payer && { payer: row.payer }),
  };
}

/** Of tasks without a key. Walks from one distinct list to the next through the partial index: the cost is that of the lists, not of the tasks. */
export async function backlog(pool: Pool): Promise<LaneList[]> {
  return query<LaneList>(pool, {
    name: 'backlog',
    text: `with recursive list as (
        (select lane, tenant, priority from task
          where status = 'ready' and offered_at is null and limit_key is null and lane is not null
          order by lane, tenant, priority limit 1)
        union all
        select next.lane, next.tenant, next.priority from list cross join lateral (
          select t.lane, t.tenant, t.priority from task t
          where t.status = 'ready' and t.offered_at is null and t.limit_key is null
            and (t.lane, t.tenant, t.priority) > (list.lane, list.tenant, list.priority)
          order by t.lane, t.tenant, t.priority limit 1
        ) as next
      )
      select lane, tenant, priority from list`,
  });
}

/**
 * Tasks of runs that have ended, whose rows are still to be closed, must not fill the room of others: the run is looked at
 * before the limit.
 */
export async function topUp(pool: Pool, { lane, tenant, priority }: LaneList, limit: number): Promise<TaskMessage[]> {
  const rows = await query<MessageRow>(pool, {
    name: 'top-up',
    text: `with chosen as materialized (
        select ${MESSAGE_COLUMNS} from task t ${ITS_RUN}
        where t.lane = $1 and t.tenant = $2 and t.priority = $3 and t.status = 'ready' and t.offered_at is null
          and t.limit_key is null
        order by t.ready_at limit $4 for update of t skip locked
      ), offered as (
        update task t set offered_at = clock_timestamp() from chosen c
        where t.run_id = c.run_id and t.key = c.key and t.epoch = c.task_epoch
      )
      select * from chosen order by ready_at`,
    values: [lane, tenant, priority, limit],
  });
  return rows.map(toMessage);
}

/** Before every offer. */
const FIRST_PAGE = '-infinity 00000000-0000-0000-0000-000000000000';

export async function staleOffers(pool: Pool, { olderThanMs, limit, after }: StaleOffersPage): Promise<StaleOffers> {
  const [offeredAt, id] = (after ?? FIRST_PAGE).split(' ');
  const rows = await query<MessageRow & { offered_at: string }>(pool, {
    name: 'stale-offers',
    text: `select ${MESSAGE_COLUMNS}, to_char(t.offered_at, 'YYYY-MM-DD"T"HH24:MI:SS.USOF') as offered_at
      from task t ${ITS_RUN}
      where t.status = 'ready' and t.offered_at is not null and (t.offered_at, t.id) > ($1::timestamptz, $2::uuid)
        and t.offered_at <= now() - make_interval(secs => $3::float8 / 1000)
      order by t.offered_at, t.id limit $4`,
    values: [offeredAt, id, olderThanMs, limit],
  });
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return { messages: rows.map(toMessage), next: last ? `${last.offered_at} ${last.task_id}` : null };
}

export async function areReady(pool: Pool, tasks: readonly TaskAttempt[]): Promise<boolean[]> {
  const rows = await query<{ n: number }>(pool, {
    name: 'are-ready',
    text: `select q.n::int as n
      from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[]) with ordinality
        as q (run_id, key, task_epoch, run_epoch, attempt, n)
      join task t on t.run_id = q.run_id and t.key = q.key and t.epoch = q.task_epoch and t.attempt = q.attempt
      join run r on r.id = q.run_id and r.epoch = q.run_epoch
      where t.status = 'ready' and r.status in ('pending', 'running', 'interrupted')`,
    values: [
      tasks.map((task) => task.runId),
      tasks.map((task) => task.key),
      tasks.map((task) => task.taskEpoch),
      tasks.map((task) => task.runEpoch),
      tasks.map((task) => task.attempt),
    ],
  });
  const ready = new Set(rows.map((row) => row.n));
  return tasks.map((_, index) => ready.has(index + 1));
}
