/** Reading runs, outside any lock: the RunReader port on Postgres. */
import type { Json, TaskError, Usage } from '@weft/contract';
import { runTimeRange } from '@weft/engine/domain';
import type { ChannelRecord, ChannelWrite, Facts, JoinRecord, StepRecord, StepType } from '@weft/engine/domain';
import type { RunFilter, RunReader, RunRecord, TaskView } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { addChannelRow } from './queries/load-snapshots.ts';
import type { ChannelRow } from './queries/load-snapshots.ts';
import { HEAD_COLUMNS, TASK_COLUMNS, toHead, toTask } from './rows.ts';
import type { HeadRow, TaskRow } from './rows.ts';

/** What comes from a caller's URL need not be an id. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createRunReader(pool: Pool): RunReader {
  return {
    async run(tenant, id) {
      if (!UUID.test(id)) return null;
      const [row] = await readRuns(pool, `r.tenant = $1 and r.id = $2`, [tenant, id]);
      return row ?? null;
    },
    runs: (filter) => listRuns(pool, filter),
    tasks: (runId, page) => listTasks(pool, runId, page),
    task: (tenant, id) => findTask(pool, tenant, id),
    tasksByKey: (runId, keys) => tasksByKey(pool, runId, keys),
    steps: (runId, page) => listSteps(pool, runId, page),
    writes: (runId, range) => listWrites(pool, runId, range),
    channels: (runId, atStep) => readChannels(pool, runId, atStep),
    joins: (runId) =>
      query<JoinRecord>(pool, {
        text: 'select key, ended, taken, failed, fired from task_join where run_id = $1 order by key',
        values: [runId],
      }),
    counts: () => readCounts(pool),
  };
}

type UsageRow = { input_tokens: number | null; output_tokens: number | null; usd: number | null };

type RunRow = HeadRow &
  UsageRow & {
    input: Json;
    config: Json;
    tags: string[];
    output: Json;
    error: TaskError | null;
    created_at: number;
    ended_at: number | null;
  };

function toUsage(row: UsageRow): Usage {
  return { inputTokens: row.input_tokens ?? 0, outputTokens: row.output_tokens ?? 0, usd: row.usd ?? 0 };
}

async function readRuns(pool: Pool, where: string, values: unknown[]): Promise<RunRecord[]> {
  const rows = await query<RunRow>(pool, {
    text: `select ${HEAD_COLUMNS}, r.created_at, r.ended_at, b.input, b.config, b.tags, b.output, b.error,
        s.input_tokens, s.output_tokens, s.usd
      from run r join run_body b on b.run_id = r.id
      cross join lateral (
        select sum(input_tokens)::float8 as input_tokens, sum(output_tokens)::float8 as output_tokens, sum(usd) as usd
        from usage u where u.run_id = r.id
      ) as s
      where ${where}`,
    values,
  });
  return rows.map((row) => ({
    head: toHead(row),
    input: row.input,
    config: row.config,
    tags: row.tags,
    output: row.output,
    error: row.error,
    createdAt: row.created_at,
    startedAt: row.created_at,
    endedAt: row.ended_at,
    usage: toUsage(row),
  }));
}

async function listRuns(pool: Pool, filter: RunFilter): Promise<RunRecord[]> {
  const where = `r.tenant = $1 and ($2::text[] is null or r.status = any($2)) and ($3::text is null or r.workflow = $3)
    and ($4::text is null or (b.tags <> '{}' and b.tags @> array[$4])) and ($5::float8 is null or r.created_at > to_timestamp($5 / 1000))
    and ($6::uuid is null or r.id < $6) order by r.id desc limit $7`;
  const { tenant, statuses, workflow, tag, createdAfter, beforeId, limit } = filter;
  const optional = [statuses ?? null, workflow ?? null, tag ?? null, createdAfter ?? null, beforeId ?? null];
  return readRuns(pool, where, [tenant, ...optional, limit]);
}

type TaskViewRow = TaskRow & UsageRow & { cached: boolean | null };

/** The first fact of the step that settled a task is the task's own. */
const TASK_VIEW = `select ${TASK_COLUMNS}, s.input_tokens, s.output_tokens, s.usd, (
    select (j.facts -> 'tasks' -> 0 ->> 'cached')::boolean from step j where j.run_id = t.run_id and j.step = t.settled_step
  ) as cached from task t
  cross join lateral (
    select sum(input_tokens)::float8 as input_tokens, sum(output_tokens)::float8 as output_tokens, sum(usd) as usd
    from usage u where u.run_id = t.run_id and u.key = t.key and u.epoch = t.epoch
  ) as s`;

function toView(row: TaskViewRow): TaskView {
  const { run_id, offered_at, deadline } = row;
  return {
    ...toTask(row),
    runId: run_id,
    offeredAt: offered_at,
    deadline,
    usage: toUsage(row),
    cached: row.cached ?? false,
  };
}

async function listTasks(pool: Pool, runId: string, page: Parameters<RunReader['tasks']>[1]): Promise<TaskView[]> {
  const rows = await query<TaskViewRow>(pool, {
    name: 'list-tasks',
    text: `${TASK_VIEW} where t.run_id = $1 and ($2::int is null or (t.reads_at, t.key) > ($2, $3::text))
      and ($4::text[] is null or t.status = any($4)) order by t.reads_at, t.key, t.epoch limit $5`,
    values: [runId, page.after?.readsAt ?? null, page.after?.key ?? null, page.statuses ?? null, page.limit],
  });
  return rows.map(toView);
}

/** A task's id carries the time prefix of its run's id, which leads to few runs. */
async function findTask(pool: Pool, tenant: string, id: string): Promise<TaskView | null> {
  if (!UUID.test(id)) return null;
  const { from, to } = runTimeRange(id);
  const rows = await query<TaskViewRow>(pool, {
    name: 'find-task',
    text: `${TASK_VIEW} where t.run_id between $1 and $2 and t.id = $3 and t.tenant = $4`,
    values: [from, to, id, tenant],
  });
  return rows[0] ? toView(rows[0]) : null;
}

async function tasksByKey(pool: Pool, runId: string, keys: readonly string[]): Promise<TaskView[]> {
  const rows = await query<TaskViewRow>(pool, {
    name: 'tasks-by-key',
    text: `${TASK_VIEW} where t.run_id = $1 and t.key = any($2)
      and not exists (select 1 from task newer where newer.run_id = t.run_id and newer.key = t.key and newer.epoch > t.epoch)`,
    values: [runId, keys],
  });
  return rows.map(toView);
}

type StepRow = {
  step: number;
  parent: number;
  epoch: number;
  type: StepType;
  node: string | null;
  key: string | null;
  task_id: string | null;
  attempt: number | null;
  worker: string | null;
  at: number;
  facts: Facts;
};

async function listSteps(pool: Pool, runId: string, page: Parameters<RunReader['steps']>[1]): Promise<StepRecord[]> {
  const rows = await query<StepRow>(pool, {
    name: 'list-steps',
    text: `select step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts from step
      where run_id = $1 and step > $2 order by step limit $3`,
    values: [runId, page.afterStep, page.limit],
  });
  return rows.map(({ task_id, ...row }) => ({ ...row, taskId: task_id }));
}

/** A compaction has the step of the delta that it ends with; what was written at that step is the delta. */
async function listWrites(
  pool: Pool,
  runId: string,
  range: { fromStep: number; toStep: number },
): Promise<ChannelWrite[]> {
  return query<ChannelWrite>(pool, {
    name: 'list-writes',
    text: `select distinct on (step, channel) channel, step, kind, value from channel_write
      where run_id = $1 and step between $2 and $3 order by step, channel, kind desc`,
    values: [runId, range.fromStep, range.toStep],
  });
}

async function readChannels(pool: Pool, runId: string, atStep: number | null): Promise<Map<string, ChannelRecord>> {
  const rows = await query<ChannelRow>(pool, {
    name: 'read-channels',
    text: `select w.run_id, w.channel, w.step, w.kind, w.value::text as value from channel_write w
      where w.run_id = $1 and ($2::int is null or w.step <= $2)
        and w.step >= coalesce((select max(b.step) from channel_write b where b.run_id = $1 and b.channel = w.channel
          and b.kind = 'base' and ($2::int is null or b.step <= $2)), 0)
      order by w.channel, w.step, w.kind`,
    values: [runId, atStep],
  });
  const channels = new Map<string, ChannelRecord>();
  for (const row of rows) addChannelRow(channels, row);
  return channels;
}

type Count = { status: string; n: number };

/** Counted over what is open; ended runs are counted by the producer as they end. Each part has a partial index. */
async function readCounts(pool: Pool): ReturnType<RunReader['counts']> {
  const [tasks, runs] = await Promise.all([
    query<Count>(pool, {
      name: 'count-tasks',
      text: `select status, sum(n)::float8 as n from (
          select 'ready' as status, count(*) as n from task where status = 'ready' and offered_at is null
          union all select 'ready', count(*) from task where status = 'ready' and offered_at is not null
          union all select 'running', count(*) from task where status = 'running'
          union all select 'waiting', count(*) from task where status = 'waiting'
        ) as part group by status having sum(n) > 0`,
    }),
    query<Count>(pool, {
      name: 'count-runs',
      text: `select status, count(*) as n from run where status in ('pending', 'running', 'interrupted') group by status`,
    }),
  ]);
  const toObject = (rows: Count[]) => Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  return { tasks: toObject(tasks), runs: toObject(runs) };
}
