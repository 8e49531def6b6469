/** About how many bytes runs take: the sum of their rows, as they are stored, without indexes. */
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import type { Session } from './session.ts';
import { BELONGINGS, bytesExpression, columnsOf, runColumn } from './weeks.ts';

/** A statement that gives `bytes`; `$1` are the runs. */
function bytesText(columns: ReadonlyMap<string, string[]>): string {
  const parts = ['run', ...BELONGINGS].map(
    (table) =>
      `select sum(${bytesExpression(columns.get(table) ?? [], 't')}) as bytes from ${table} t
        where t.${runColumn(table)} = any($1::uuid[])`,
  );
  return `select coalesce(sum(bytes), 0)::float8 as bytes from (${parts.join(' union all ')}) as part`;
}

export async function bytesOfRun(pool: Pool, runId: string): Promise<number> {
  const columns = await columnsOf({ rows: (text, values = []) => query(pool, { text, values }) });
  const [row] = await query<{ bytes: number }>(pool, { text: bytesText(columns), values: [[runId]] });
  return row?.bytes ?? 0;
}

/** Runs that are measured one by one; of more, as many are taken as a sample. */
const SAMPLE = 2000;

/** What all marked runs take. */
export async function bytesOfDoomed(session: Session): Promise<{ runs: number; bytes: number }> {
  const [total] = await session.rows<{ runs: number }>('select count(*)::float8 as runs from doomed');
  const runs = total?.runs ?? 0;
  const sample = await session.rows<{ id: string }>(`select id from doomed order by md5(id::text) limit ${SAMPLE}`);
  if (sample.length === 0) return { runs: 0, bytes: 0 };
  const text = bytesText(await columnsOf(session));
  const [measured] = await session.rows<{ bytes: number }>(text, [sample.map(({ id }) => id)]);
  return { runs, bytes: Math.round(((measured?.bytes ?? 0) * runs) / sample.length) };
}
