/** What claimed tasks read (rule A7). */
import type { Json, JsonObject, TaskError } from '@weft/contract';
import type { DispatchStore, InputMaterial } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { outputOf } from '../rows.ts';

type Requests = Parameters<DispatchStore['loadInputs']>[0];

type InputRow = {
  n: number;
  input: Json;
  config: Json;
  captured: JsonObject | null;
  item: Json;
  edit: NonNullable<InputMaterial['edit']> | null;
  memo: Json;
};
type ResultRow = { n: number; node: string; output: Json; error: TaskError | null };

export async function loadInputs(pool: Pool, tasks: Requests): Promise<(InputMaterial | null)[]> {
  const [inputs, results] = await Promise.all([loadBodies(pool, tasks), loadResults(pool, tasks)]);
  const materials: (InputMaterial | null)[] = tasks.map(() => null);
  for (const { n, input, config, captured, item, edit, memo } of inputs) {
    materials[n - 1] = { input, config, captured: captured ?? {}, item, nodes: {}, edit, memo };
  }
  for (const { n, node, output, error } of results) {
    const material = materials[n - 1];
    if (material) material.nodes[node] = error ? { output, error } : { output };
  }
  return materials;
}

/**
 * One row for each attempt that is current. Each is looked up by its key, whatever the planner believes: it knows nothing yet
 * of tables that have been filled a moment ago, and would read them from end to end.
 */
async function loadBodies(pool: Pool, tasks: Requests): Promise<InputRow[]> {
  return query<InputRow>(pool, {
    name: 'load-inputs',
    text: `select q.n::int as n, b.input, b.config, t.captured, t.item, t.letter->'edit' as edit,
          case when t.detail->>'kind' = 'memo' then t.detail->'memo' end as memo
      from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::bool[], $7::text[]) with ordinality
        as q (run_id, key, task_epoch, run_epoch, attempt, body, tenant, n)
      cross join lateral (
        select captured, item, letter, detail from task where run_id = q.run_id and key = q.key and epoch = q.task_epoch
          and attempt = q.attempt and status in ('ready', 'running') offset 0
      ) as t
      cross join lateral (
        select 1 from run where id = q.run_id and epoch = q.run_epoch and tenant = coalesce(q.tenant, tenant)
          and status in ('pending', 'running', 'interrupted') offset 0
      ) as r
      left join lateral (select input, config from run_body where q.body and run_id = q.run_id offset 0) as b on true`,
    values: [
      tasks.map(({ task }) => task.runId),
      tasks.map(({ task }) => task.key),
      tasks.map(({ task }) => task.taskEpoch),
      tasks.map(({ task }) => task.runEpoch),
      tasks.map(({ task }) => task.attempt),
      tasks.map(({ body }) => body ?? true),
      tasks.map(({ tenant }) => tenant ?? null),
    ],
  });
}

/**
 * The results that the tasks' templates name, as settled when the tasks became ready: each in the iteration that the task reads. Of a
 * dead letter that was done again since it is the failure that stood then.
 */
async function loadResults(pool: Pool, tasks: Requests): Promise<ResultRow[]> {
  const wanted = tasks.flatMap(({ task, nodes }, index) => nodes.map((node) => ({ task, node, n: index + 1 })));
  if (wanted.length === 0) return [];
  return query<ResultRow>(pool, {
    name: 'load-results',
    text: `select distinct on (q.n, q.node) q.n, q.node, case when s.settled_step <= t.reads_at then ${outputOf('s')} end as output,
        case when s.settled_step <= t.reads_at then s.error else s.past end as error
      from unnest($1::int[], $2::uuid[], $3::text[], $4::int[], $5::text[]) as q (n, run_id, key, task_epoch, node)
      cross join lateral (
        select iterations, reads_at from task where run_id = q.run_id and key = q.key and epoch = q.task_epoch offset 0
      ) as t
      cross join lateral (
        select r.*, case when (r.settled_step <= t.reads_at) is not true then (
            select p->'error' from json_array_elements(r.letter->'past') with ordinality as f (p, i)
            where (p->>'step')::int <= t.reads_at order by i desc limit 1
          ) end as past
        from task r where r.run_id = q.run_id and r.key = q.node || '#' || coalesce(t.iterations->>q.node, '0')
          and (r.settled_step <= t.reads_at or r.letter is not null) and not r.superseded offset 0
      ) as s
      where s.settled_step <= t.reads_at or s.past is not null
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
