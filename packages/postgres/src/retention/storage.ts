/** What the tables take on disk, with indexes and values that are stored apart. */
import type { TableStorage } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

/** Rows and dead rows are the server's statistics, which are a little late. */
export async function readStorage(pool: Pool): Promise<TableStorage[]> {
  return query<TableStorage>(pool, {
    text: `with recursive part as (
        select c.oid, c.oid as top, c.relkind from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        union all
        select i.inhrelid, p.top, 'r' from part p join pg_inherits i on i.inhparent = p.oid
      )
      select p.top::regclass::text as "table", sum(pg_total_relation_size(p.oid))::float8 as bytes,
        coalesce(sum(s.n_live_tup), 0)::float8 as rows, coalesce(sum(s.n_dead_tup), 0)::float8 as "deadRows",
        count(*) filter (where p.oid <> p.top)::int as partitions
      from part p left join pg_stat_user_tables s on s.relid = p.oid and p.relkind = 'r'
      group by p.top order by bytes desc, 1`,
  });
}
