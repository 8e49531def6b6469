/** Reading tasks as they stand, with what they have spent. */
import type { Placement } from '@weft/contract';
import { runTimeRange } from '@weft/engine/domain';
import type { RunReader, TaskView } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { TASK_COLUMNS, toTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import { isUuid, toUsage } from './read-values.ts';
import type { UsageRow } from './read-values.ts';

type Reading = { name: string; where: string; values: unknown[] };

type TaskViewRow = TaskRow & UsageRow & { cached: boolean | null; placed: Placement | null };

/** The first fact of the step that settled a task is the task's own. */
const TASK_VIEW = `select ${TASK_COLUMNS}, s.input_tokens, s.output_tokens, s.usd, s.placed, (
    select (j.facts -> 'tasks' -> 0 ->> 'cached')::boolean from step j where j.run_id = t.run_id and j.step = t.settled_step
  ) as cached from task t
  cross join lateral (
    select sum(input_tokens)::float8 as input_tokens, sum(output_tokens)::float8 as output_tokens, sum(usd) as usd,
      (array_agg(u.placed order by u.attempt desc) filter (where u.placed is not null))[1] as placed
    from usage u where u.run_id = t.run_id and u.key = t.key and u.epoch = t.epoch
  ) as s`;

/** Named, because planning costs more than reading a task or two. */
async function readTasks(pool: Pool, { name, where, values }: Reading): Promise<TaskView[]> {
  const rows = await query<TaskViewRow>(pool, { name, text: `${TASK_VIEW} ${where}`, values });
  return rows.map((row) => {
    const { run_id, offered_at, deadline } = row;
    const more = { deadline, usage: toUsage(row), cached: row.cached ?? false, placed: row.placed };
    return { ...toTask(row), runId: run_id, offeredAt: offered_at, ...more };
  });
}

export function listTasks(pool: Pool, runId: string, page: Parameters<RunReader['tasks']>[1]): Promise<TaskView[]> {
  const { after, statuses, limit } = page;
  return readTasks(pool, {
    name: 'list-tasks',
    where: `where t.run_id = $1 and not t.superseded and ($2::int is null or (t.reads_at, t.key) > ($2, $3::text))
      and ($4::text[] is null or t.status = any($4)) order by t.reads_at, t.key, t.epoch limit $5`,
    values: [runId, after?.readsAt ?? null, after?.key ?? null, statuses ?? null, limit],
  });
}

/** A task's id carries the time prefix of its run's id, which leads to few runs. */
export async function findTask(pool: Pool, tenant: string, id: string): Promise<TaskView | null> {
  if (!isUuid(id)) return null;
  const { from, to } = runTimeRange(id);
  const where = 'where t.run_id between $1 and $2 and t.id = $3 and t.tenant = $4';
  const [task] = await readTasks(pool, { name: 'find-task', where, values: [from, to, id, tenant] });
  return task ?? null;
}

export function tasksByKey(pool: Pool, runId: string, keys: readonly string[]): Promise<TaskView[]> {
  return readTasks(pool, {
    name: 'tasks-by-key',
    where: `where t.run_id = $1 and t.key = any($2) and not t.superseded and not exists (
        select 1 from task newer
        where newer.run_id = t.run_id and newer.key = t.key and newer.epoch > t.epoch and not newer.superseded
      )`,
    values: [runId, keys],
  });
}

/** Walks through the questions of the tenant, and looks at the run of each: its rows may not have been closed yet. */
export async function openQuestions(pool: Pool, filter: Parameters<RunReader['questions']>[0]): Promise<TaskView[]> {
  const { tenant, limit, afterId } = filter;
  if (afterId !== null && !isUuid(afterId)) return [];
  return readTasks(pool, {
    name: 'open-questions',
    where: `cross join lateral (
      select 1 from run where id = t.run_id and status in ('pending', 'running', 'interrupted') offset 0
    ) as r
    where t.tenant = $1 and t.waits = 'answer' and ($2::uuid is null or t.id > $2) order by t.id limit $3`,
    values: [tenant, afterId, limit],
  });
}

export function waitingTasks(
  pool: Pool,
  runId: string,
  { waits, limit }: Parameters<RunReader['waiting']>[1],
): Promise<TaskView[]> {
  const where = `where t.run_id = $1 and t.status = 'waiting' and t.waits = any($2::text[])
    order by t.reads_at, t.key, t.epoch limit $3`;
  return readTasks(pool, { name: 'waiting-tasks', where, values: [runId, waits, limit] });
}
