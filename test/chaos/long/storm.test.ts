import { openRedis } from '@weft/redis';
import { ApiError, ConnectionError } from '@weft/sdk';
import { createSeededRandom, openTcpProxy, startPostgresProxy, testRedisUrl } from '@weft/testkit';
import { Client } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { MeshProcess } from '../mesh-process.ts';
import { recordRecovery, watchSteps } from '../recovery.ts';
import { openMesh } from '../use-mesh.ts';
import type { Producer } from '../use-mesh.ts';
import { LENGTH, workOf } from './flood.ts';

type Fault = { name: string; start(): Promise<void> | void; lift(): Promise<void> | void };

const ROUNDS = 6;
const AT_ONCE = 3;
const EACH_ROUND = 60;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const nothing = (): void => undefined;

async function openStorm(seed: number) {
  const random = createSeededRandom(seed);
  const mesh = await openMesh();
  const postgres = await startPostgresProxy(mesh.databaseUrl);
  const redisProxy = await openTcpProxy(mesh.redis.url);
  const redis = await openRedis({ url: mesh.redis.url, onError: nothing });
  onTestFinished(async () => {
    await redis.close();
    await redisProxy.close();
    await postgres.stop();
  });
  const by = mesh.by({ DATABASE_URL: postgres.url, REDIS_URL: redisProxy.url });
  const workers: MeshProcess[] = await Promise.all([1, 2, 3].map(() => by.worker('--concurrency=8')));
  const producers: Producer[] = [await by.producer(), await by.producer()];
  let holder: Client | null = null;
  const command = async (...words: [string, ...string[]]): Promise<void> => {
    await redis.commands.call(...words).catch(nothing);
  };
  const endSessions = async (): Promise<void> => {
    const client = new Client({ connectionString: mesh.databaseUrl });
    await client.connect();
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'weft'`);
    await client.end();
  };
  /** Kills one of them, and starts another one in its place. */
  const replace = <One extends MeshProcess>(all: One[], start: () => Promise<One>): Pick<Fault, 'start' | 'lift'> => {
    let at = 0;
    return {
      async start() {
        at = random.below(all.length);
        await all[at]?.kill();
      },
      async lift() {
        all[at] = await start();
      },
    };
  };
  let stopped: MeshProcess | null = null;
  const faults: Fault[] = [
    { name: 'Redis is emptied', start: () => command('FLUSHALL'), lift: nothing },
    { name: 'Redis is paused', start: () => command('CLIENT', 'PAUSE', '2500', 'ALL'), lift: nothing },
    {
      name: 'Redis is full',
      start: () => command('CONFIG', 'SET', 'maxmemory', '1'),
      lift: () => command('CONFIG', 'SET', 'maxmemory', '0'),
    },
    { name: 'Redis is killed', start: () => mesh.redis.kill(), lift: () => mesh.redis.restart() },
    { name: 'connections to Redis are cut', start: () => redisProxy.cut(), lift: () => redisProxy.cut() },
    { name: 'connections to Redis fall silent', start: () => redisProxy.freeze(), lift: nothing },
    { name: 'connections to Postgres are cut', start: () => postgres.cut(), lift: () => postgres.cut() },
    { name: 'sessions of Postgres are ended', start: endSessions, lift: endSessions },
    {
      name: 'answers to commits are lost',
      start: () => postgres.loseCommits(() => random.chance(0.3)),
      lift: () => postgres.loseCommits(() => false),
    },
    {
      name: 'the tables are locked',
      async start() {
        holder = new Client({ connectionString: mesh.databaseUrl });
        await holder.connect();
        await holder.query('begin');
        await holder.query('lock table run in exclusive mode');
      },
      lift: async () => holder?.end(),
    },
    {
      name: 'a worker is stopped',
      start() {
        stopped = random.pick(workers);
        stopped.signal('SIGSTOP');
      },
      lift: () => stopped?.signal('SIGCONT'),
    },
    { name: 'a worker is killed', ...replace(workers, () => by.worker('--concurrency=8')) },
    { name: 'a producer is killed', ...replace(producers, () => by.producer()) },
  ];
  return { mesh, random, faults, producers, watch: watchSteps(mesh.databaseUrl) };
}

type Storm = Awaited<ReturnType<typeof openStorm>>;

/** Sends as clients do whom a request may fail: again under its key, to whichever producer is there, until it is answered. */
async function startSurely({ mesh, producers, random }: Storm, key: string): Promise<string> {
  for (;;) {
    const { client } = random.pick(producers);
    try {
      return (await client.runs.start({ workflow: workOf(mesh, { ms: 25 }) }, { idempotencyKey: key })).id;
    } catch (error) {
      const mayPass = error instanceof ConnectionError || (error instanceof ApiError && error.status === 503);
      if (!mayPass) throw error;
      await pause(100);
    }
  }
}

function chosen({ random, faults }: Storm): Fault[] {
  const left = [...faults];
  return Array.from({ length: AT_ONCE }, () => left.splice(random.below(left.length), 1)).flat();
}

describe.skipIf(testRedisUrl() === null)('a mixed storm', () => {
  test.each([1, 64])(
    'F64: of faults that begin one by one and are lifted in another order loses and doubles nothing (seed %i)',
    async (seed) => {
      const storm = await openStorm(seed);
      const { mesh, random, watch } = storm;
      const sending: Promise<string>[] = [];
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        for (let n = 0; n < EACH_ROUND; n++) sending.push(startSurely(storm, `${round} ${n}`));
        const faults = chosen(storm);
        process.stdout.write(`weft: ${faults.map(({ name }) => name).join(', ')}\n`);
        for (const fault of faults) {
          await fault.start();
          await pause(200 + random.below(800));
        }
        await pause(1000 + random.below(2000));
        while (faults.length > 0) {
          const [fault] = faults.splice(random.below(faults.length), 1);
          await fault?.lift();
        }
        sending.push(startSurely(storm, `${round} after`));
        times.push(await watch.untilNextStep());
      }
      recordRecovery('F64', Math.max(...times));
      const ids = await Promise.all(sending);
      await mesh.allSucceed(ids, LENGTH);
      expect(await mesh.store.reader.runs({ tenant: 'default', limit: 10_000 })).toHaveLength(
        ROUNDS * (EACH_ROUND + 1),
      );
      expect(Math.max(...times)).toBeLessThan(30_000);
    },
  );
});
