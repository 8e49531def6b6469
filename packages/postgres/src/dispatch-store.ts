/** What the sweepers read and touch: the DispatchStore port on Postgres. */
import type { Json, JsonObject, TaskError } from '@weft/contract';
import type { NodeResult, WorkflowRef } from '@weft/engine/domain';
import type {
  DispatchStore,
  DueTimer,
  InputMaterial,
  LaneList,
  RunningMark,
  StrandedAttempt,
  TaskAttempt,
  TaskMessage,
} from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { maintain } from './queries/maintain.ts';

export function createDispatchStore(pool: Pool): DispatchStore {
  return {
    backlog: () => backlog(pool),
    topUp: (list, limit) => topUp(pool, list, limit),
    staleOffers: (olderThanMs, limit) => staleOffers(pool, olderThanMs, limit),
    loadInputs: (tasks) => loadInputs(pool, tasks),
    markRunning: (marks) => markRunning(pool, marks),
    strandedAttempts: (request) => strandedAttempts(pool, request),
    dueTimers: (withinMs, limit) => dueTimers(pool, withinMs, limit),
    neglectedRuns: (olderThanMs, limit) => neglectedRuns(pool, olderThanMs, limit),
    workflowsOf: (runIds) => workflowsOf(pool, runIds),
    maintain: () => maintain(pool),
  };
}

type MessageRow = {
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
};

const MESSAGE_COLUMNS = `t.id as task_id, t.run_id, t.key, t.node, t.epoch as task_epoch, r.epoch as run_epoch, t.attempt,
  r.tenant, r.workflow, r.version, t.lane, t.priority, t.ready_at`;

function toMessage(row: MessageRow): TaskMessage {
  const { key, node, attempt, lane, priority } = row;
  return {
    ...{
      taskId: row.task_id,
      runId: row.run_id,
      key,
      node,
      taskEpoch: row.task_epoch,
      runEpoch: row.run_epoch,
      attempt,
    },
    ...{
      workflow: { tenant: row.tenant, name: row.workflow, version: row.version },
      lane,
      priority,
      readyAt: row.ready_at,
    },
  };
}

/** Walks from one distinct list to the next through the partial index: the cost is that of the lists, not of the tasks. */
async function backlog(pool: Pool): Promise<LaneList[]> {
  return query<LaneList>(pool, {
    name: 'backlog',
    text: `with recursive list as (
        (select lane, tenant, priority from task where status = 'ready' and offered_at is null and lane is not null
          order by lane, tenant, priority limit 1)
        union all
        select next.lane, next.tenant, next.priority from list cross join lateral (
          select t.lane, t.tenant, t.priority from task t
          where t.status = 'ready' and t.offered_at is null
            and (t.lane, t.tenant, t.priority) > (list.lane, list.tenant, list.priority)
          order by t.lane, t.tenant, t.priority limit 1
        ) as next
      )
      select lane, tenant, priority from list`,
  });
}

async function topUp(pool: Pool, { lane, tenant, priority }: LaneList, limit: number): Promise<TaskMessage[]> {
  const rows = await query<MessageRow>(pool, {
    name: 'top-up',
    text: `with chosen as materialized (
        select run_id, key, epoch from task
        where lane = $1 and tenant = $2 and priority = $3 and status = 'ready' and offered_at is null
        order by ready_at limit $4 for update skip locked
      ), offered as (
        update task t set offered_at = clock_timestamp() from chosen c
        where t.run_id = c.run_id and t.key = c.key and t.epoch = c.epoch and t.status = 'ready' returning t.*
      )
      select ${MESSAGE_COLUMNS} from offered t join run r on r.id = t.run_id
      where r.status not in ('succeeded', 'failed', 'cancelled') order by t.ready_at`,
    values: [lane, tenant, priority, limit],
  });
  return rows.map(toMessage);
}

async function staleOffers(pool: Pool, olderThanMs: number, limit: number): Promise<TaskMessage[]> {
  const rows = await query<MessageRow>(pool, {
    name: 'stale-offers',
    text: `select ${MESSAGE_COLUMNS} from task t join run r on r.id = t.run_id
      where t.status = 'ready' and t.offered_at is not null
        and t.offered_at <= clock_timestamp() - make_interval(secs => $1::float8 / 1000)
        and r.status not in ('succeeded', 'failed', 'cancelled')
      order by t.offered_at limit $2`,
    values: [olderThanMs, limit],
  });
  return rows.map(toMessage);
}

type InputRow = { n: number; input: Json; config: Json; captured: JsonObject | null; reads_at: number };
type ResultRow = { n: number; node: string; output: Json; error: TaskError | null };

async function loadInputs(
  pool: Pool,
  tasks: Parameters<DispatchStore['loadInputs']>[0],
): Promise<(InputMaterial | null)[]> {
  const [inputs, results] = await Promise.all([
    query<InputRow>(pool, {
      name: 'load-inputs',
      text: `select q.n::int as n, b.input, b.config, t.captured, t.reads_at
        from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[]) with ordinality
          as q (run_id, key, task_epoch, run_epoch, attempt, n)
        join task t on t.run_id = q.run_id and t.key = q.key and t.epoch = q.task_epoch and t.attempt = q.attempt
        join run r on r.id = q.run_id and r.epoch = q.run_epoch
        join run_body b on b.run_id = q.run_id
        where t.status in ('ready', 'running') and r.status not in ('succeeded', 'failed', 'cancelled')`,
      values: [
        tasks.map(({ task }) => task.runId),
        tasks.map(({ task }) => task.key),
        tasks.map(({ task }) => task.taskEpoch),
        tasks.map(({ task }) => task.runEpoch),
        tasks.map(({ task }) => task.attempt),
      ],
    }),
    loadResults(pool, tasks),
  ]);
  const materials: (InputMaterial | null)[] = tasks.map(() => null);
  for (const { n, input, config, captured } of inputs) {
    materials[n - 1] = { input, config, captured: captured ?? {}, nodes: {} };
  }
  for (const { n, node, output, error } of results) {
    const result: NodeResult = error ? { output, error } : { output };
    const material = materials[n - 1];
    if (material) material.nodes[node] = result;
  }
  return materials;
}

/** The results that the tasks' templates name, as settled when the tasks became ready (rule A7). */
async function loadResults(pool: Pool, tasks: Parameters<DispatchStore['loadInputs']>[0]): Promise<ResultRow[]> {
  const wanted = tasks.flatMap(({ task, nodes }, index) => nodes.map((node) => ({ task, node, n: index + 1 })));
  if (wanted.length === 0) return [];
  return query<ResultRow>(pool, {
    name: 'load-results',
    text: `select distinct on (q.n, q.node) q.n, q.node, s.output, s.error
      from unnest($1::int[], $2::uuid[], $3::text[], $4::int[], $5::text[]) as q (n, run_id, key, task_epoch, node)
      join task t on t.run_id = q.run_id and t.key = q.key and t.epoch = q.task_epoch
      join task s on s.run_id = q.run_id and s.key = q.node || '#0' and s.settled_step <= t.reads_at
      order by q.n, q.node, s.epoch desc`,
    values: [
      wanted.map(({ n }) => n),
      wanted.map(({ task }) => task.runId),
      wanted.map(({ task }) => task.key),
      wanted.map(({ task }) => task.taskEpoch),
      wanted.map(({ node }) => node),
    ],
  });
}

type AttemptRow = { run_id: string; key: string; task_epoch: number; run_epoch: number; attempt: number };

function toAttempt(row: AttemptRow): TaskAttempt {
  const { key, attempt } = row;
  return { runId: row.run_id, key, taskEpoch: row.task_epoch, runEpoch: row.run_epoch, attempt };
}

/** Touches only the flush's own columns, and passes rows that a settle holds: the next flush finds them (rule A9). */
async function markRunning(pool: Pool, marks: readonly RunningMark[]): Promise<TaskAttempt[]> {
  if (marks.length === 0) return [];
  const rows = await query<AttemptRow>(pool, {
    name: 'mark-running',
    text: `with mark as materialized (
        select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::float8[], $8::float8[])
          as m (run_id, key, task_epoch, run_epoch, attempt, worker, started_ms_ago, due_in_ms)
      ), mine as materialized (
        select t.run_id, t.key, t.epoch from mark m
        join task t on t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
        where t.attempt = m.attempt and t.status = 'ready' for update of t skip locked
      ), marked as (
        update task t set status = 'running', worker = m.worker,
          started_at = clock_timestamp() - make_interval(secs => m.started_ms_ago / 1000),
          deadline = clock_timestamp() + make_interval(secs => m.due_in_ms / 1000)
        from mark m join mine on mine.run_id = m.run_id and mine.key = m.key and mine.epoch = m.task_epoch
        where t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
      )
      select m.run_id, m.key, m.task_epoch, m.run_epoch, m.attempt from mark m
      left join task t on t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
      left join run r on r.id = m.run_id
      where t.attempt is distinct from m.attempt or t.status not in ('ready', 'running')
        or r.epoch is distinct from m.run_epoch or r.status in ('succeeded', 'failed', 'cancelled')`,
    values: [
      marks.map((mark) => mark.runId),
      marks.map((mark) => mark.key),
      marks.map((mark) => mark.taskEpoch),
      marks.map((mark) => mark.runEpoch),
      marks.map((mark) => mark.attempt),
      marks.map((mark) => mark.worker),
      marks.map((mark) => mark.startedMsAgo),
      marks.map((mark) => mark.dueInMs),
    ],
  });
  return rows.map(toAttempt);
}

async function strandedAttempts(
  pool: Pool,
  { graceMs, limit }: { graceMs: number; limit: number },
): Promise<StrandedAttempt[]> {
  const rows = await query<AttemptRow & { reason: StrandedAttempt['reason'] }>(pool, {
    name: 'stranded-attempts',
    text: `select t.run_id, t.key, t.epoch as task_epoch, r.epoch as run_epoch, t.attempt,
        case when w.ended_at is null and w.id is not null then 'overdue' else 'worker_ended' end as reason
      from task t join run r on r.id = t.run_id left join worker w on w.id = t.worker
      where t.status = 'running' and r.status not in ('succeeded', 'failed', 'cancelled')
        and (w.id is null or w.ended_at is not null
          or t.deadline < clock_timestamp() - make_interval(secs => $1::float8 / 1000))
      limit $2`,
    values: [graceMs, limit],
  });
  return rows.map((row) => ({ task: toAttempt(row), reason: row.reason }));
}

async function dueTimers(pool: Pool, withinMs: number, limit: number): Promise<DueTimer[]> {
  return query<DueTimer>(pool, {
    name: 'due-timers',
    text: `select run_id as "runId", key, kind, attempt, extract(epoch from due_at)::float8 * 1000 as "dueAt",
        extract(epoch from due_at - clock_timestamp())::float8 * 1000 as "inMs"
      from timer where due_at <= clock_timestamp() + make_interval(secs => $1::float8 / 1000)
      order by due_at limit $2`,
    values: [withinMs, limit],
  });
}

async function neglectedRuns(pool: Pool, olderThanMs: number, limit: number): Promise<string[]> {
  const rows = await query<{ run_id: string }>(pool, {
    name: 'neglected-runs',
    text: `(select distinct run_id from inbox
        where created_at <= clock_timestamp() - make_interval(secs => $1::float8 / 1000) limit $2)
      union
      (select distinct run_id from task
        where status = 'ready' and offered_at is null and lane is null
          and ready_at <= clock_timestamp() - make_interval(secs => $1::float8 / 1000) limit $2)`,
    values: [olderThanMs, limit],
  });
  return rows.map((row) => row.run_id);
}

async function workflowsOf(pool: Pool, runIds: readonly string[]): Promise<Map<string, WorkflowRef>> {
  const rows = await query<{ id: string } & WorkflowRef>(pool, {
    name: 'workflows-of',
    text: 'select id, tenant, workflow as name, version from run where id = any($1::uuid[])',
    values: [runIds],
  });
  return new Map(rows.map(({ id, ...ref }) => [id, ref]));
}
