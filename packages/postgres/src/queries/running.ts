/** Started tasks: who runs them, and which of them nobody runs any more (rule A6). */
import type { DispatchStore, RunningMark, StrandedAttempt, TaskAttempt } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

type AttemptRow = { run_id: string; key: string; task_epoch: number; run_epoch: number; attempt: number };

function toAttempt(row: AttemptRow): TaskAttempt {
  const { key, attempt } = row;
  return { runId: row.run_id, key, taskEpoch: row.task_epoch, runEpoch: row.run_epoch, attempt };
}

/**
 * Touches only the flush's own columns, and passes rows that a settle holds: the next flush finds them (rule A9). A task
 * that runs already is written again if its worker goes on under another id, or its deadline was not known before.
 */
export async function markRunning(pool: Pool, marks: readonly RunningMark[]): Promise<TaskAttempt[]> {
  if (marks.length === 0) return [];
  const rows = await query<AttemptRow>(pool, {
    name: 'mark-running',
    text: `with mark as materialized (
        select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::float8[], $8::float8[],
            $9::text[])
          as m (run_id, key, task_epoch, run_epoch, attempt, worker, started_ms_ago, due_in_ms, tenant)
      ), mine as materialized (
        select t.run_id, t.key, t.epoch from mark m
        join task t on t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
        where t.attempt = m.attempt and t.tenant = coalesce(m.tenant, t.tenant) and (t.status = 'ready' or (t.status = 'running'
          and (t.worker is distinct from m.worker or (t.deadline is null and m.due_in_ms is not null))))
        for update of t skip locked
      ), marked as (
        update task t set status = 'running', worker = m.worker,
          started_at = coalesce(t.started_at, clock_timestamp() - make_interval(secs => m.started_ms_ago / 1000)),
          deadline = coalesce(clock_timestamp() + make_interval(secs => m.due_in_ms / 1000), t.deadline)
        from mark m join mine on mine.run_id = m.run_id and mine.key = m.key and mine.epoch = m.task_epoch
        where t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
      )
      select m.run_id, m.key, m.task_epoch, m.run_epoch, m.attempt from mark m
      left join task t on t.run_id = m.run_id and t.key = m.key and t.epoch = m.task_epoch
      left join run r on r.id = m.run_id
      where t.attempt is distinct from m.attempt or t.tenant <> m.tenant or t.status not in ('ready', 'running')
        or r.epoch is distinct from m.run_epoch or r.status in ('succeeded', 'failed', 'cancelled')`,
    values: [
      marks.map((mark) => mark.runId),
      marks.map((mark) => mark.key),
      marks.map((mark) => mark.taskEpoch),
      marks.map((mark) => mark.runEpoch),
      marks.map((mark) => mark.attempt),
      marks.map((mark) => mark.worker),
      marks.map((mark) => mark.startedMsAgo),
      marks.map((mark) => (Number.isFinite(mark.dueInMs) ? mark.dueInMs : null)),
      marks.map((mark) => mark.tenant ?? null),
    ],
  });
  return rows.map(toAttempt);
}

/**
 * What a worker began after it was declared ended is not stranded by that: it lives, and is about to be told. Were it
 * counted as a crash, a worker that comes back from a long pause would crash its tasks until they are poison.
 */
export async function strandedAttempts(
  pool: Pool,
  { graceMs, limit }: Parameters<DispatchStore['strandedAttempts']>[0],
): Promise<StrandedAttempt[]> {
  const rows = await query<AttemptRow & { reason: StrandedAttempt['reason'] }>(pool, {
    name: 'stranded-attempts',
    text: `select t.run_id, t.key, t.epoch as task_epoch, r.epoch as run_epoch, t.attempt,
        case when w.id is null or t.started_at <= w.ended_at then 'worker_ended' else 'overdue' end as reason
      from task t left join worker w on w.id = t.worker cross join lateral (
        select epoch from run
        where id = t.run_id and status in ('pending', 'running', 'interrupted') offset 0
      ) as r
      where t.status = 'running' and (w.id is null or t.started_at <= w.ended_at
          or t.deadline < now() - make_interval(secs => $1::float8 / 1000))
      limit $2`,
    values: [graceMs, limit],
  });
  return rows.map((row) => ({ task: toAttempt(row), reason: row.reason }));
}
