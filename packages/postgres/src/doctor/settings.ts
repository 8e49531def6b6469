/** Whether the server keeps what it has committed, and has room for all who connect. */
import type { Finding } from '@weft/contract';

import type { Check } from './examination.ts';

const OLDEST_MAJOR = 15;
/** A process of the mesh holds up to ten connections and its lock. */
const CONNECTIONS_PER_PROCESS = 11;
const SPARE_CONNECTIONS = 10;
/** Of the connections that there may be. */
const MUCH_USED = 0.85;
const OLD_XIDS = 1_000_000_000;

const NEEDED: Readonly<Record<string, { level: 'warn' | 'error'; advice: string }>> = {
  fsync: { level: 'error', advice: 'set fsync = on: a crash of the machine may lose or tear everything' },
  full_page_writes: { level: 'error', advice: 'set full_page_writes = on, unless the file system never tears a page' },
  synchronous_commit: { level: 'error', advice: 'set synchronous_commit = on: what was answered with 201 may be lost' },
  autovacuum: { level: 'error', advice: 'set autovacuum = on: tables grow without end, and the server stops at last' },
  track_counts: { level: 'warn', advice: 'set track_counts = on: autovacuum works by these counts' },
};

export const settings: Check = {
  name: 'settings',
  async look({ ask }) {
    const rows = await ask<{ name: string; setting: string }>(
      'select name, setting from pg_settings where name = any($1)',
      [[...Object.keys(NEEDED), 'server_version_num']],
    );
    const valueOf = new Map(rows.map(({ name, setting }) => [name, setting]));
    const off = Object.entries(NEEDED).flatMap(([name, { level, advice }]): Finding[] => {
      if (valueOf.get(name) !== 'off') return [];
      return [{ check: 'settings', level, what: `${name} is off`, where: [name], advice }];
    });
    const major = Math.floor(Number(valueOf.get('server_version_num')) / 10_000);
    if (major < OLDEST_MAJOR) {
      const advice = `use Postgres ${OLDEST_MAJOR} or later`;
      off.push({ check: 'settings', level: 'error', what: `this is Postgres ${major}`, advice });
    }
    return off.length > 0 ? off : { check: 'settings', level: 'ok', what: `Postgres ${major} keeps what it commits` };
  },
};

export const connections: Check = {
  name: 'connections',
  async look({ ask }) {
    const [row] = await ask<{ most: number; used: number; processes: number }>(`select
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
        (select count(*) from pg_stat_activity where backend_type = 'client backend')::int as used,
        (select count(*) from pg_stat_activity where application_name = 'weft lock')::int as processes`);
    const { most = 0, used = 0, processes = 0 } = row ?? {};
    const wanted = processes * CONNECTIONS_PER_PROCESS + SPARE_CONNECTIONS;
    const check = 'connections';
    if (used > most * MUCH_USED) {
      const advice = 'raise max_connections, or run fewer processes: the next one may get none';
      return { check, level: 'error', what: `${used} of ${most} connections are in use`, advice };
    }
    if (wanted > most) {
      const what = `${processes} processes of the mesh may want ${wanted} connections, and there are ${most}`;
      return { check, level: 'warn', what, advice: `raise max_connections to ${wanted} at least` };
    }
    return {
      check,
      level: 'ok',
      what: `${used} of ${most} connections are in use, by ${processes} processes of the mesh`,
    };
  },
};

export const transactionIds: Check = {
  name: 'transaction ids',
  async look({ ask }) {
    const [row] = await ask<{ age: number }>(
      'select age(datfrozenxid)::int as age from pg_database where datname = current_database()',
    );
    const age = row?.age ?? 0;
    const check = 'transaction ids';
    if (age < OLD_XIDS) return { check, level: 'ok', what: `the oldest is ${age} transactions old` };
    const advice = 'run VACUUM (FREEZE); at 2,000 million the server takes no more writes';
    return { check, level: 'error', what: `the oldest is ${age} transactions old`, advice };
  },
};
