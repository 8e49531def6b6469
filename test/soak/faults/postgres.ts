/** Faults of Postgres and of the way to it. */
import { Client } from 'pg';

import type { World } from '../world.ts';
import { chosen, OVER } from './fault.ts';
import type { Fault } from './fault.ts';

const OTHERS = "application_name like 'weft%' and pid <> pg_backend_pid()";

export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    kind: 'Postgres crashed and restarted',
    group: 'postgres',
    start: async ({ world }) => {
      const crashing = world.postgres.crash();
      return () => crashing;
    },
  },
  {
    kind: 'Postgres backend killed',
    group: 'postgres',
    start: async (wound) => {
      const rows = await ask<{ pid: number }>(wound.world, `select pid from pg_stat_activity where ${OTHERS}`);
      const pid = rows && chosen(rows, wound)?.pid;
      if (!pid) return null;
      process.kill(pid, 'SIGKILL');
      return OVER;
    },
  },
  {
    kind: 'Postgres sessions ended',
    group: 'postgres',
    start: async ({ world }) =>
      (await ask(world, `select pg_terminate_backend(pid) from pg_stat_activity where ${OTHERS}`)) && OVER,
  },
  {
    kind: 'Postgres statements cancelled',
    group: 'postgres statements',
    start: async ({ world }) =>
      (await ask(world, `select pg_cancel_backend(pid) from pg_stat_activity where ${OTHERS}`)) && OVER,
  },
  { kind: 'table locked', group: 'postgres lock', start: async ({ world, target }) => await lock(world, target) },
  {
    kind: 'answers to commits lost',
    group: 'postgres commits',
    start: async ({ world }) => {
      let n = 0;
      world.postgres.commits.loseCommits(() => {
        n += 1;
        return n % 25 === 0;
      });
      return async () => world.postgres.commits.loseCommits(() => false);
    },
  },
  {
    kind: 'way to Postgres cut',
    group: 'postgres link',
    start: async ({ world }) => {
      world.postgres.link.cut();
      return OVER;
    },
  },
  {
    kind: 'way to Postgres half open',
    group: 'postgres link',
    start: async ({ world }) => {
      world.postgres.link.freeze();
      return OVER;
    },
  },
  {
    kind: 'way to Postgres slow',
    group: 'postgres link',
    start: async ({ world, target }) => {
      world.postgres.link.delay(5 + target * 95);
      return async () => world.postgres.link.delay(0);
    },
  },
];

async function ask<Row extends object>(world: World, text: string): Promise<Row[] | null> {
  const client = await connect(world);
  if (!client) return null;
  try {
    return (await client.query<Row>(text)).rows;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const TABLES = ['task', 'run', 'step', 'inbox', 'worker'];

async function lock(world: World, target: number): Promise<(() => Promise<void>) | null> {
  const client = await connect(world);
  const table = chosen(TABLES, { target });
  if (!client || table === null) return null;
  // Whoever holds it is outside of what the mesh may wait for; the lock itself may have to wait for the mesh.
  await client.query("set lock_timeout = '5s'; begin");
  const taken = await client.query(`lock table ${table} in access exclusive mode`).then(
    () => true,
    () => false,
  );
  const end = (): Promise<void> => client.end().catch(() => undefined);
  if (taken) return end;
  await end();
  return null;
}

/** Null if it is away. */
async function connect(world: World): Promise<Client | null> {
  const client = new Client({ connectionString: world.postgres.directUrl(), connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  return await client.connect().then(
    () => client,
    () => null,
  );
}
