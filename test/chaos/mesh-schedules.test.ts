import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { Pool } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openOwnPostgres } from './own-postgres.ts';
import { openMesh } from './use-mesh.ts';
import type { Mesh, Producer } from './use-mesh.ts';

const SOON = { timeout: 60_000, interval: 50 };
const ECHO = { name: 'echo', nodes: { a: { type: 'task' as const, uses: 'echo' } } };

function openPool(mesh: Mesh): Pool {
  const pool = new Pool({ connectionString: mesh.databaseUrl, max: 1 });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

/** A schedule that fires each second. */
async function everySecond({ client }: Producer, name = 'tick'): Promise<void> {
  await client.workflows.save(ECHO);
  await client.schedules.create({ name, spec: { everyMs: 1000 }, workflow: 'echo', overlap: 'allowAll' });
}

const COUNTS = `select count(*) filter (where outcome = 'started')::int as started,
    count(*) filter (where outcome not in ('started', 'waiting'))::int as others,
    count(distinct run_id)::int as runs, count(run_id)::int as linked,
    (select count(*)::int from run_body where trigger is not null) as bodies
  from schedule_fire`;

async function counts(pool: Pool) {
  const { rows } = await pool.query<Record<'started' | 'others' | 'runs' | 'linked' | 'bodies', number>>(COUNTS);
  return rows[0] ?? { started: 0, others: 0, runs: 0, linked: 0, bodies: 0 };
}

const startedIn = (pool: Pool) => async () => (await counts(pool).catch(() => ({ started: 0 }))).started;

/** Every instant between the first and the last was fired, each by one run, and there is no run that no instant has. */
async function firedOnce(pool: Pool): Promise<void> {
  const { started, others, runs, linked, bodies } = await counts(pool);
  expect({ others, runs, linked, bodies }).toEqual({ others: 0, runs: started, linked: started, bodies: started });
  const { rows } =
    await pool.query(`select count(*)::int as n, (extract(epoch from max(instant) - min(instant)) + 1)::int as seconds
    from schedule_fire`);
  expect(rows[0].n).toBe(rows[0].seconds);
}

describe.skipIf(testRedisUrl() === null)('schedules of a mesh', () => {
  test('fire each instant once while three producers race, two of them are killed, and Redis is emptied and killed', async () => {
    const mesh = await openMesh();
    const pool = openPool(mesh);
    const [first, second, third] = await Promise.all([
      mesh.producer(),
      mesh.producer(),
      mesh.producer(),
      mesh.worker(),
    ]);
    const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
    onTestFinished(() => redis.close());
    await everySecond(first);
    await expect.poll(startedIn(pool), SOON).toBeGreaterThanOrEqual(2);
    await first.kill();
    await redis.commands.flushall();
    await expect.poll(startedIn(pool), SOON).toBeGreaterThanOrEqual(6);
    await second.kill();
    await mesh.redis.kill();
    const before = await startedIn(pool)();
    await expect.poll(startedIn(pool), SOON).toBeGreaterThanOrEqual(before + 7);
    await mesh.redis.restart();
    await third.client.schedules.pause('tick');
    await expect.poll(async () => (await third.client.schedules.get('tick')).waiting, SOON).toBe(0);
    await firedOnce(pool);
  });

  test('make up for the instants at which Postgres was away, and fire none of them twice', async () => {
    const postgres = await openOwnPostgres();
    const mesh = await openMesh({ databaseUrl: postgres.url });
    const pool = openPool(mesh);
    const [producer] = await Promise.all([mesh.producer(), mesh.producer()]);
    await everySecond(producer);
    await expect.poll(startedIn(pool), SOON).toBeGreaterThanOrEqual(2);
    await postgres.crash();
    await expect.poll(startedIn(pool), SOON).toBeGreaterThanOrEqual(6);
    await producer.client.schedules.pause('tick');
    await expect.poll(async () => (await producer.client.schedules.get('tick')).waiting, SOON).toBe(0);
    await firedOnce(pool);
  });
});
