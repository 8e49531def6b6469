import { createRedisBroker, openRedis } from '@weft/redis';
import { openTcpProxy, taskMessage, testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const LENGTH = 3;

const work = (mesh: Mesh, ms: number) => chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes, ms } });

async function openFlooded() {
  const mesh = await openMesh();
  const workers = [mesh.worker('--concurrency=8'), mesh.worker('--concurrency=8')];
  const [producer] = await Promise.all([mesh.producer(), ...workers]);
  const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
  onTestFinished(() => redis.close());
  return { mesh, producer, redis };
}

/** Until so many runs have succeeded: what then happens, happens in the middle of the flood. */
async function underWay(mesh: Mesh, count: number): Promise<void> {
  await expect.poll(() => mesh.countOf('succeeded'), SOON).toBeGreaterThanOrEqual(count);
}

describe.skipIf(testRedisUrl() === null)('a flood through processes', () => {
  test('F11: loses and doubles nothing when Redis is emptied again and again', async () => {
    const { mesh, producer, redis } = await openFlooded();
    const ids = await startRuns(producer, 240, work(mesh, 15));
    for (const count of [20, 60, 120]) {
      await underWay(mesh, count);
      await redis.commands.flushall();
    }
    expect(await mesh.countOf('succeeded')).toBeLessThan(ids.length);
    await mesh.allSucceed(ids, LENGTH);
  });

  test('F13: goes on after Redis was killed and came back empty, and what was sent meanwhile was accepted', async () => {
    const { mesh, producer } = await openFlooded();
    const before = await startRuns(producer, 120, work(mesh, 15));
    await underWay(mesh, 20);
    await mesh.redis.kill();
    expect(await mesh.countOf('succeeded')).toBeLessThan(before.length);
    const during = await startRuns(producer, 40, work(mesh, 1));
    await mesh.redis.restart();
    const after = await startRuns(producer, 40, work(mesh, 1));
    await mesh.allSucceed([...before, ...during, ...after], LENGTH);
  });

  test('F15 F21: loses and doubles nothing when Redis answers nobody for three seconds', async () => {
    const { mesh, producer, redis } = await openFlooded();
    const before = await startRuns(producer, 120, work(mesh, 15));
    await underWay(mesh, 20);
    await redis.commands.call('CLIENT', 'PAUSE', '3000', 'ALL');
    const during = await startRuns(producer, 40, work(mesh, 1));
    await mesh.allSucceed([...before, ...during], LENGTH);
  });

  test('F19: goes on within 20 seconds when every connection to Redis falls silent and nobody is told', async () => {
    const mesh = await openMesh();
    const proxy = await openTcpProxy(mesh.redis.url);
    onTestFinished(() => proxy.close());
    const by = mesh.by({ REDIS_URL: proxy.url });
    const workers = [by.worker('--concurrency=8'), by.worker('--concurrency=8')];
    const [producer] = await Promise.all([by.producer(), ...workers]);
    const before = await startRuns(producer, 120, work(mesh, 15));
    await underWay(mesh, 20);
    proxy.freeze();
    const frozenAt = performance.now();
    expect(await mesh.countOf('succeeded')).toBeLessThan(before.length);
    const during = await startRuns(producer, 40, work(mesh, 1));

    await mesh.allSucceed([...before, ...during], LENGTH);
    expect(performance.now() - frozenAt).toBeLessThan(20_000);
  });

  test('F22: passes over garbage in a lane and tasks that do not exist', async () => {
    const { mesh, producer, redis } = await openFlooded();
    const lane = 'handler:work';
    const broker = createRedisBroker(redis);
    onTestFinished(() => broker.close());
    const first = await startRuns(producer, 1, work(mesh, 0));
    await mesh.allSucceed(first, LENGTH);
    const [run] = await mesh.store.reader.runs({ tenant: 'default', limit: 1 });
    if (!run) throw new Error('no run');
    const { workflow } = run.head;
    const ghosts = Array.from({ length: 20 }, (_, n) => ({
      ...taskMessage(`ghost-${n}`),
      lane,
      runId: crypto.randomUUID(),
      workflow: n % 2 === 0 ? workflow : { ...workflow, version: 999 },
    }));
    await broker.publish(ghosts);
    const base = `weft:{${lane}}:`;
    await redis.commands.hset(
      `${base}held`,
      'garbage',
      'no record',
      'worse',
      '1\n2\n3\n\ndefault\n{"not":"a message"}',
    );
    await redis.commands.zadd(`${base}list:2:default`, -1, '1:garbage', -2, '3:worse', -3, 'nothing');
    await redis.commands.zadd(`${base}heads:2`, 1, 'default');
    await redis.commands.zadd(`${base}ring:2`, 1, 'default');
    const ids = await startRuns(producer, 60, work(mesh, 1));

    await mesh.allSucceed(ids, LENGTH);
    const list = { lane, tenant: 'default', priority: 2 as const };
    await expect.poll(() => broker.depths([list]), SOON).toEqual([0]);
    const held = ghosts.map(({ taskId }) => ({ lane, taskId }));
    await expect.poll(() => broker.held(held), SOON).toEqual(held.map(() => null));
  });
});
