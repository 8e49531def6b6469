/** What claimed tasks read (rule A7). */
import type { Json, JsonObject, TaskError } from '@weft/contract';
import type { DispatchStore, InputMaterial } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { outputOf } from '../rows.ts';

type Requests = Parameters<DispatchStore['loadInputs']>[0];

type InputRow = { n: number; input: Json; config: Json; captured: JsonObject | null; item: Json };
type ResultRow = { n: number; node: string; output: Json; error: TaskError | null };

export async function loadInputs(pool: Pool, tasks: Requests): Promise<(InputMaterial | null)[]> {
  const [inputs, results] = await Promise.all([loadBodies(pool, tasks), loadResults(pool, tasks)]);
  const materials: (InputMaterial | null)[] = tasks.map(() => null);
  for (const { n, input, config, captured, item } of inputs) {
    materials[n - 1] = { input, config, captured: captured ?? {}, item, nodes: {} };
  }
  for (const { n, node, output, error } of results) {
    const material = materials[n - 1];
    if (material) material.nodes[node] = error ? { output, error } : { output };
  }
  return materials;
}

/** One row for each attempt that is current. */
async function loadBodies(pool: Pool, tasks: Requests): Promise<InputRow[]> {
  return query<InputRow>(pool, {
    name: 'load-inputs',
    text: `select q.n::int as n, b.input, b.config, t.captured, t.item
      from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::bool[]) with ordinality
        as q (run_id, key, task_epoch, run_epoch, attempt, body, n)
      join task t on t.run_id = q.run_id and t.key = q.key and t.epoch = q.task_epoch and t.attempt = q.attempt
      join run r on r.id = q.run_id and r.epoch = q.run_epoch
      left join run_body b on q.body and b.run_id = q.run_id
      where t.status in ('ready', 'running') and r.status in ('pending', 'running', 'interrupted')`,
    values: [
      tasks.map(({ task }) => task.runId),
      tasks.map(({ task }) => task.key),
      tasks.map(({ task }) => task.taskEpoch),
      tasks.map(({ task }) => task.runEpoch),
      tasks.map(({ task }) => task.attempt),
      tasks.map(({ body }) => body ?? true),
    ],
  });
}

/** The results that the tasks' templates name, as settled when the tasks became ready: each in the iteration that the task reads. */
async function loadResults(pool: Pool, tasks: Requests): Promise<ResultRow[]> {
  const wanted = tasks.flatMap(({ task, nodes }, index) => nodes.map((node) => ({ task, node, n: index + 1 })));
  if (wanted.length === 0) return [];
  return query<ResultRow>(pool, {
    name: 'load-results',
    text: `select distinct on (q.n, q.node) q.n, q.node, ${outputOf('s')} as output, s.error
      from unnest($1::int[], $2::uuid[], $3::text[], $4::int[], $5::text[]) as q (n, run_id, key, task_epoch, node)
      join task t on t.run_id = q.run_id and t.key = q.key and t.epoch = q.task_epoch
      join task s on s.run_id = q.run_id and s.key = q.node || '#' || coalesce(t.iterations->>q.node, '0')
        and s.settled_step <= t.reads_at
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
