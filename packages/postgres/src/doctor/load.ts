/** What the tables and the sessions take: dead rows, long transactions, waits for locks. */
import type { Check } from './examination.ts';
import { megabytes, unless } from './examination.ts';

const MANY_DEAD = 100_000;
const DEAD_SHARE = 0.4;
const LONG_S = 60;
const IDLE_S = 30;
const BLOCKED_S = 5;

export const bloat: Check = {
  name: 'bloat',
  async look({ ask }) {
    const rows = await ask<{ name: string; live: number; dead: number; vacuumed: string | null }>(
      `select relid::regclass::text as name, n_live_tup::float8 as live, n_dead_tup::float8 as dead,
        greatest(last_autovacuum, last_vacuum)::text as vacuumed from pg_stat_user_tables where n_dead_tup > $1
        order by n_dead_tup desc`,
      [MANY_DEAD],
    );
    const bloated = rows
      .filter(({ live, dead }) => dead > DEAD_SHARE * (live + dead))
      .map(({ name, live, dead, vacuumed }) => `${name}: ${dead} dead, ${live} live, vacuumed ${vacuumed ?? 'never'}`);
    return unless(bloated, {
      check: 'bloat',
      level: 'warn',
      fine: 'no table has many dead rows',
      what: 'tables are full of dead rows, which slow down every claim and settle',
      advice: 'end old transactions (see `transactions`), then VACUUM them; see that autovacuum is not throttled',
    });
  },
};

export const size: Check = {
  name: 'size',
  async look({ ask }) {
    const [row] = await ask<{
      all: number;
      indexes: number;
    }>(`select pg_database_size(current_database())::float8 as all,
        coalesce(sum(pg_indexes_size(oid)), 0)::float8 as indexes from pg_class
      where relkind = 'r' and relnamespace = current_schema()::regnamespace`);
    const what = `the database takes ${megabytes(row?.all ?? 0)}, of which indexes ${megabytes(row?.indexes ?? 0)}`;
    return { check: 'size', level: 'ok', what };
  },
};

export const transactions: Check = {
  name: 'transactions',
  async look({ ask }) {
    const rows = await ask<{ place: string }>(
      `select format('process %s (%s), %s, since %s s: %s', pid, coalesce(nullif(application_name, ''), usename), state,
          extract(epoch from now() - xact_start)::int, left(query, 80)) as place
        from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend' and (
          xact_start < now() - make_interval(secs => $1)
          or state like 'idle in transaction%' and state_change < now() - make_interval(secs => $2))
        order by xact_start`,
      [LONG_S, IDLE_S],
    );
    const prepared = await ask<{ gid: string }>(
      "select gid from pg_prepared_xacts where prepared < now() - interval '1 minute'",
    );
    return unless([...rows.map(({ place }) => place), ...prepared.map(({ gid }) => `prepared ${gid}`)], {
      check: 'transactions',
      level: 'warn',
      fine: 'no transaction is old',
      what: 'old transactions keep dead rows from being removed, and may hold locks',
      advice: 'find out whose they are; pg_terminate_backend(process) ends one',
    });
  },
};

export const locks: Check = {
  name: 'locks',
  async look({ ask }) {
    const rows = await ask<{ place: string }>(
      `select format('process %s waits for %s since %s s: %s', pid, array_to_string(pg_blocking_pids(pid), ', '),
          extract(epoch from now() - query_start)::int, left(query, 80)) as place
        from pg_stat_activity
        where wait_event_type = 'Lock' and query_start < now() - make_interval(secs => $1) order by query_start`,
      [BLOCKED_S],
    );
    return unless(
      rows.map(({ place }) => place),
      {
        check: 'locks',
        level: 'warn',
        fine: 'nobody has waited long for a lock',
        what: 'sessions wait for locks that others hold',
        advice: 'see what the holder does; pg_terminate_backend(holder) ends it',
      },
    );
  },
};
