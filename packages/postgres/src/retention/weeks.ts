/** The partitions that there are, with their bounds. */
import { PARTITIONED } from '../queries/partitions.ts';
import type { Session } from './session.ts';

/** `from` is the first id in it, `to` the first one after it. */
export type Week = { name: string; from: string; to: string };

/** Those of one table, in order. */
export async function weeksOf(session: Session, table: string): Promise<Week[]> {
  const rows = await session.rows<Week>(
    `select p.name, p.bounds[1] as "from", p.bounds[2] as "to" from (
        select c.relname::text as name,
          regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''(.*)''\\) TO \\(''(.*)''\\)') as bounds
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass
      ) as p where p.bounds is not null order by p.bounds[1]`,
    [table],
  );
  return rows;
}

/** The column that names the run. */
export function runColumn(table: string): 'id' | 'run_id' {
  return table === 'run' ? 'id' : 'run_id';
}

/** All that belongs to a run, its head last. */
export const BELONGINGS: readonly string[] = PARTITIONED.filter((table) => table !== 'run');

/** The columns of each table, in order. */
export async function columnsOf(session: Pick<Session, 'rows'>): Promise<Map<string, string[]>> {
  const rows = await session.rows<{ name: string; columns: string[] }>(
    `select c.relname::text as name, array_agg(quote_ident(a.attname) order by a.attnum) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.oid = any($1::regclass[]) group by 1`,
    [[...PARTITIONED]],
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** A row's header and its place in the page. */
const ROW_BYTES = 28;

/** What a row takes, of values that are stored apart as well, without fetching those. */
export function bytesExpression(columns: readonly string[], row: string): string {
  const sizes = columns.map((column) => `coalesce(pg_column_size(${row}.${column}), 0)`);
  return `${ROW_BYTES} + ${sizes.join(' + ')}`;
}
