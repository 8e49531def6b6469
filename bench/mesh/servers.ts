/** The Redis and the Postgres that all sides share, and what is read there: sizes of logs and the cost of a commit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startPostgres } from '@weft/embedded';
import { openRedis } from '@weft/redis';
import { startRedisServer } from '@weft/testkit';
import { Client } from 'pg';

export type Servers = {
  redisUrl: string;
  databaseUrl: string;
  pids: { redis: number; postgres: number };
  /** For what the bench itself asks, outside of what it measures. */
  sql: Client;
  redis: Awaited<ReturnType<typeof openRedis>>;
  /** Makes a database of its own in the same server and gives its address. */
  database(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** Redis writes its log every second and rewrites it only when told to; Postgres syncs every commit. */
const REDIS = { appendonly: 'yes', appendfsync: 'everysec', 'auto-aof-rewrite-percentage': '0' };

export async function startServers(): Promise<Servers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const redisServer = await startRedisServer({ settings: REDIS });
  const postgres = await startPostgres({ dataDir });
  const redis = await openRedis({ url: redisServer.url });
  const sql = new Client({ connectionString: postgres.url });
  await sql.connect();
  sql.on('error', console.error);
  let stopped = false;
  const end = async (): Promise<void> => {
    await sql.end();
    await redis.close();
    await redisServer.stop();
    await postgres.stop();
    stopped = true;
    await rm(dataDir, { recursive: true, force: true });
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= end());
  const pids = { redis: await redisPid(redis), postgres: await postmasterPid(sql) };
  process.on('exit', () => killAll(stopped ? [] : Object.values(pids)));
  // Postgres is in a session of its own, so a signal must be passed on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().then(() => process.exit(1)));
  return {
    redisUrl: redisServer.url,
    databaseUrl: postgres.url,
    pids,
    sql,
    redis,
    database: (name) => createDatabase(sql, postgres.url, name),
    stop,
  };
}

/** For a bench that ends before it has stopped them, by an error or a signal. Postgres takes this for a fast shutdown. */
function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // It has ended already.
    }
  }
}

/** Bytes that Postgres and Redis have written to their logs since they were started. */
export async function logBytes({ sql, redis }: Servers): Promise<{ wal: number; aof: number }> {
  const { rows } = await sql.query<{ bytes: string }>(`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`);
  const info = await redis.commands.info('persistence');
  return { wal: Number(rows[0]?.bytes), aof: Number(/aof_current_size:(\d+)/.exec(info)?.[1]) };
}

/** Lets Redis forget what its log needs no more, so that the disk does not fill. */
export async function rewriteRedisLog({ redis }: Servers): Promise<void> {
  await redis.commands.bgrewriteaof();
  for (;;) {
    await delay(100);
    const info = await redis.commands.info('persistence');
    if (/aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info)) return;
  }
}

async function createDatabase(sql: Client, url: string, name: string): Promise<string> {
  await sql.query(`create database ${name}`);
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

async function redisPid({ commands }: Servers['redis']): Promise<number> {
  return Number(/process_id:(\d+)/.exec(await commands.info('server'))?.[1]);
}

async function postmasterPid(sql: Client): Promise<number> {
  const text = `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`;
  return (await sql.query<{ pid: number }>(text)).rows[0]?.pid ?? 0;
}
