/** What Weft's tables take on disk, and what lies dead in them. */
import type { Client } from 'pg';

export type Sizes = { tableMiB: number; indexMiB: number; dead: number; live: number };

const TEXT = `
  select sum(pg_table_size(relid)) / 2 ^ 20 as tables, sum(pg_indexes_size(relid)) / 2 ^ 20 as indexes,
    sum(n_dead_tup) as dead, sum(n_live_tup) as live
  from pg_stat_user_tables`;

export async function readSizes(sql: Client): Promise<Sizes> {
  const { rows } = await sql.query<{ tables: number; indexes: number; dead: string; live: string }>(TEXT);
  const [sums] = rows;
  return {
    tableMiB: Number(sums?.tables),
    indexMiB: Number(sums?.indexes),
    dead: Number(sums?.dead),
    live: Number(sums?.live),
  };
}
