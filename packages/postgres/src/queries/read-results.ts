/** What watchers of a run read beside its journal. */
import type { Json } from '@weft/contract';
import type { TaskResult } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

export async function lastSteps(pool: Pool, runIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await query<{ id: string; step: number }>(pool, {
    name: 'last-steps',
    text: 'select id, step from run where id = any($1)',
    values: [runIds],
  });
  return new Map(rows.map(({ id, step }) => [id, step]));
}

type ResultRow = { key: string; settled_step: number; fits: boolean; output: Json };

/** The stored size is looked at first, for it is known without reading the output. */
export async function readResults(
  pool: Pool,
  runId: string,
  { keys, maxBytes }: { keys: readonly string[]; maxBytes: number },
): Promise<TaskResult[]> {
  const rows = await query<ResultRow>(pool, {
    name: 'read-results',
    text: `select t.key, t.settled_step, s.fits, case when s.fits then t.output end as output from task t
      cross join lateral (select t.detail->>'kind' is distinct from 'items' and (t.output is null or
        (pg_column_size(t.output) <= $3 and octet_length(t.output::text) <= $3)) as fits) as s
      where t.run_id = $1 and t.key = any($2) and t.settled_step is not null and t.status = 'succeeded'`,
    values: [runId, keys, maxBytes],
  });
  return rows.map(({ key, settled_step: settledStep, fits, output }) =>
    fits ? { key, settledStep, output } : { key, settledStep },
  );
}
