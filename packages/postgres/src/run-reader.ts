/** Reading runs, outside any lock: the RunReader port on Postgres. */
import type { Json, RunTrigger, TaskError } from '@weft/contract';
import type { ChannelWrite, JoinRecord } from '@weft/engine/domain';
import type { RunBudgetRecord, RunFilter, RunReader, RunRecord, StepRange } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { askPool, query } from './connection.ts';
import { readBranchPoint } from './queries/read-branch-point.ts';
import { readChannels, readChannelsAlong } from './queries/read-channels.ts';
import { readSpent } from './queries/read-usage.ts';
import { lastSteps, readResults } from './queries/read-results.ts';
import { listBranches, listFacts, listMigrations, listSteps, stepOfAnswer, stepOfMail } from './queries/read-steps.ts';
import { findTask, listTasks, openQuestions, tasksByKey, waitingTasks } from './queries/read-tasks.ts';
import { isUuid, toUsage } from './queries/read-values.ts';
import type { UsageRow } from './queries/read-values.ts';
import { HEAD_COLUMNS, toHead } from './rows.ts';
import type { HeadRow } from './rows.ts';

export function createRunReader(pool: Pool): RunReader {
  return {
    async run(tenant, id) {
      if (!isUuid(id)) return null;
      const [row] = await readRuns(pool, `r.tenant = $1 and r.id = $2`, [tenant, id]);
      return row ?? null;
    },
    runs: (filter) => listRuns(pool, filter),
    tasks: (runId, page) => listTasks(pool, runId, page),
    task: (tenant, id) => findTask(pool, tenant, id),
    tasksByKey: (runId, keys) => tasksByKey(pool, runId, keys),
    lastSteps: async (runIds) => lastSteps(pool, runIds.filter(isUuid)),
    results: (runId, keys, maxBytes) => readResults(pool, runId, { keys, maxBytes }),
    steps: (runId, page) => listSteps(askPool(pool), runId, page),
    facts: (runId, range) => listFacts(askPool(pool), runId, range),
    branchPoint: (runId, step, foldPath) => readBranchPoint(askPool(pool), runId, step, foldPath),
    branches: (runId, toStep) => listBranches(askPool(pool), runId, toStep),
    migrations: (runId) => listMigrations(askPool(pool), runId),
    writes: (runId, range) => listWrites(pool, runId, range),
    channels: (runId, atStep) => readChannels(askPool(pool), runId, atStep),
    channelsAlong: (runId, path) => readChannelsAlong(askPool(pool), runId, path),
    joins: (runId) =>
      query<JoinRecord>(pool, {
        text: 'select key, ended, taken, failed, fired from task_join where run_id = $1 order by key',
        values: [runId],
      }),
    spent: (runId) => readSpent(pool, runId),
    questions: (filter) => openQuestions(pool, filter),
    waiting: (runId, filter) => waitingTasks(pool, runId, filter),
    stepOfMail: (runId, mailId, afterStep) => stepOfMail(askPool(pool), runId, { mailId, afterStep }),
    stepOfAnswer: (runId, questionId) => stepOfAnswer(askPool(pool), runId, questionId),
    counts: () => readCounts(pool),
  };
}

type RunRow = HeadRow &
  UsageRow & {
    input: Json;
    config: Json;
    tags: string[];
    output: Json;
    error: TaskError | null;
    created_at: number;
    ended_at: number | null;
    forked_run: string | null;
    forked_step: number | null;
    budget: RunBudgetRecord | null;
    trigger: RunTrigger | null;
  };

function epochMs(column: string): string {
  return `floor(extract(epoch from ${column}) * 1000)`;
}

async function readRuns(pool: Pool, where: string, values: unknown[]): Promise<RunRecord[]> {
  const rows = await query<RunRow>(pool, {
    text: `select ${HEAD_COLUMNS}, r.created_at, r.ended_at, r.forked_run, r.forked_step, b.input, b.config, b.tags, b.output, b.error, b.trigger,
        s.input_tokens, s.output_tokens, s.usd, g.budget
      from run r join run_body b on b.run_id = r.id
      left join lateral (
        select json_build_object('usd', g.usd, 'tokens', g.tokens,
          'spent', json_build_object('usd', g.spent_usd, 'tokens', g.spent_tokens),
          'reserved', json_build_object('usd', g.reserved_usd, 'tokens', g.reserved_tokens), 'warnedAt', ${epochMs('g.warned_at')},
          'exceededAt', ${epochMs('g.exceeded_at')}, 'updatedAt', ${epochMs('g.updated_at')}) as budget
        from budget g where r.payer is not null and g.id = r.id offset 0
      ) as g on true
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
    budget: row.budget,
    trigger: row.trigger,
    forkedFrom: forkedFrom(row),
  }));
}

function forkedFrom({ forked_run: runId, forked_step: step }: RunRow): RunRecord['forkedFrom'] {
  return runId === null || step === null ? null : { runId, step };
}

async function listRuns(pool: Pool, filter: RunFilter): Promise<RunRecord[]> {
  const where = `r.tenant = $1 and ($2::text[] is null or r.status = any($2)) and ($3::text is null or r.workflow = $3)
    and ($4::text is null or (b.tags <> '{}' and b.tags @> array[$4])) and ($5::float8 is null or r.created_at > to_timestamp($5 / 1000))
    and ($6::uuid is null or r.id < $6) and ($8::int[] is null or r.version = any($8)) and ($9::int is null or r.version <> $9)
    order by r.id desc limit $7`;
  const { tenant, statuses, workflow, tag, createdAfter, beforeId, limit } = filter;
  const optional = [statuses ?? null, workflow ?? null, tag ?? null, createdAfter ?? null, beforeId ?? null];
  const ofVersions = [filter.versions ?? null, filter.exceptVersion ?? null];
  return readRuns(pool, where, [tenant, ...optional, limit, ...ofVersions]);
}

/** A compaction has the step of the delta that it ends with; what was written at that step is the delta. */
async function listWrites(pool: Pool, runId: string, range: StepRange): Promise<ChannelWrite[]> {
  return query<ChannelWrite>(pool, {
    name: 'list-writes',
    text: `select distinct on (step, channel) channel, step, kind, value from channel_write
      where run_id = $1 and step between $2 and $3 order by step, channel, kind desc`,
    values: [runId, range.fromStep, range.toStep],
  });
}

type Count = { status: string; n: number };

/** Counted over what is open; ended runs are counted by the producer as they end. Each part has a partial index. */
async function readCounts(pool: Pool): ReturnType<RunReader['counts']> {
  const [tasks, runs] = await Promise.all([
    query<Count>(pool, {
      name: 'count-tasks',
      text: `select status, sum(n)::float8 as n from (
          select 'ready' as status, count(*) as n from task
            where status = 'ready' and offered_at is null and limit_key is null
          union all select 'ready', count(*) from task where status = 'ready' and offered_at is null and limit_key is not null
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
