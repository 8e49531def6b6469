/** The doctor from the command line, on a database and a Redis of its own. */
import type { Finding } from '@weft/contract';
import { openRedis } from '@weft/redis';
import { createRig, createTestDatabase, startRedisServer, testRedisUrl } from '@weft/testkit';
import type { RedisServer, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { skew } from '../src/doctor/clocks.ts';
import { weft as weftHere } from './fake-terminal.ts';
import type { CliResult } from './fake-terminal.ts';

describe.skipIf(testRedisUrl() === null)('weft doctor', () => {
  let database: TestDatabase;
  let redis: RedisServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await startRedisServer();
    const rig = await createRig({ url: database.url });
    await rig.run({ name: 'done', nodes: { a: { type: 'task', uses: 'echo' } } });
    await rig.stop();
  }, 60_000);

  afterAll(async () => {
    await redis.stop();
    await database.drop();
  });

  const doctor = (...args: string[]): Promise<CliResult> =>
    weftHere(['doctor', ...args], { env: { DATABASE_URL: database.url, REDIS_URL: redis.url } });

  async function found(check: string): Promise<Finding[]> {
    const { out } = await doctor('--json', '--only', check);
    return (JSON.parse(out) as { findings: Finding[] }).findings;
  }

  async function inRedis(work: (commands: Awaited<ReturnType<typeof openRedis>>['commands']) => Promise<unknown>) {
    const connection = await openRedis({ url: redis.url });
    await work(connection.commands);
    await connection.close();
  }

  test('says what it has looked at, and ends with 0 where nothing is broken', async () => {
    const { code, out, err } = await doctor(
      '--only',
      'schema,clocks,disk,redis,redis memory,redis persistence,lost offers',
    );
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^0 errors, \d warnings, \d fine\n$/) });
    expect(out).toMatch(/^ok {4}schema: all \d+ migrations have been made$/m);
    expect(out).toMatch(/^ok {4}lost offers: /m);
  });

  test('finds offers that no lane holds, and ends with 1', async () => {
    const rig = await createRig({ url: database.url, worker: false });
    await rig.start({ name: 'offered', nodes: { a: { type: 'task', uses: 'echo' } } });
    await rig.stop();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`update task set offered_at = now() - interval '1 minute' where status = 'ready'`);
    await client.end();

    const { code, out } = await doctor('--only', 'lost offers');
    expect({ code, out }).toEqual({
      code: 1,
      out: expect.stringMatching(/^error lost offers: 1 offered tasks are in no lane\n +\S+ a#0/),
    });
  });

  test('finds a Redis whose memory is nearly full, one that drops keys, and one that is away', async () => {
    await inRedis((commands) => commands.config('SET', 'maxmemory', '1100000'));
    expect(await found('redis memory')).toMatchObject([
      { level: 'error', advice: expect.stringContaining('maxmemory') },
    ]);
    await inRedis(async (commands) => {
      await commands.config('SET', 'maxmemory', '0');
      await commands.config('SET', 'maxmemory-policy', 'allkeys-lru');
    });
    expect(await found('redis')).toMatchObject([{ level: 'error', what: expect.stringContaining('allkeys-lru') }]);
    await redis.kill();
    expect(await found('redis')).toMatchObject([{ level: 'error', what: expect.stringContaining('does not answer') }]);
  });

  test('refuses a check that it does not know, and a folder in which nothing runs', async () => {
    expect(await doctor('--only', 'weather')).toMatchObject({ code: 2, err: expect.stringContaining('invariants') });
    const nowhere = await weftHere(['doctor', '--data-dir', '/nowhere'], { env: {} });
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('--data-dir') });
    const silent = await weftHere(['doctor'], { env: { DATABASE_URL: 'postgres://127.0.0.1:1/none' } });
    expect(silent).toMatchObject({ code: 6, err: expect.stringContaining('does not answer') });
  });
});

test('a clock is off by more than what the question took, a little or a lot', () => {
  const at = (theirs: number) => skew('the database', { theirs, before: 0, after: 3000 }).level;
  expect([at(1500), at(4500), at(9000), at(-200_000)]).toEqual(['ok', 'ok', 'warn', 'error']);
});
