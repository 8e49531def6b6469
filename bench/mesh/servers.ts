/** The Redis and the Postgres that all sides share, and what one commit costs there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '@weft/embedded';
import { openRedis } from '@weft/redis';
import { startRedisServer } from '@weft/testkit';
import { Client } from 'pg';

import { PAYLOAD } from './side.ts';

export type Servers = {
  redisUrl: string;
  databaseUrl: string;
  pids: { redis: number; postgres: number };
  /** How long each of so many one-row commits took, one after another on one connection, ms. */
  commits(count: number): Promise<number[]>;
  stop(): Promise<void>;
};

/** Redis writes its log every second; Postgres syncs every commit. */
export async function startServers(): Promise<Servers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const redis = await startRedisServer({ settings: { appendonly: 'yes', appendfsync: 'everysec' } });
  const postgres = await startPostgres({ dataDir });
  return {
    redisUrl: redis.url,
    databaseUrl: postgres.url,
    pids: { redis: await redisPid(redis.url), postgres: await postmasterPid(postgres.url) },
    commits: (count) => commits(postgres.url, count),
    async stop() {
      await redis.stop();
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function redisPid(url: string): Promise<number> {
  const connection = await openRedis({ url });
  const info = await connection.commands.info('server');
  await connection.close();
  return Number(/process_id:(\d+)/.exec(info)?.[1]);
}

async function postmasterPid(url: string): Promise<number> {
  const text = `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`;
  return withClient(url, async (client) => (await client.query<{ pid: number }>(text)).rows[0]?.pid ?? 0);
}

async function commits(url: string, count: number): Promise<number[]> {
  return withClient(url, async (client) => {
    await client.query('create table if not exists bench_commit (id bigserial, payload text)');
    const insert = { name: 'insert', text: 'insert into bench_commit (payload) values ($1)', values: [PAYLOAD] };
    const took: number[] = [];
    for (let n = 0; n < count; n++) {
      const startedAt = performance.now();
      await client.query(insert);
      took.push(performance.now() - startedAt);
    }
    return took;
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
