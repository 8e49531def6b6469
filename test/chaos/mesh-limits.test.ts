import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import type { JsonObject } from '@weft/contract';
import { openRedis } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 60_000, interval: 20 };

/** Every process has looked at what has changed by then. */
const HEARD_MS = 2500;

const single = (mesh: Mesh, ms: number): JsonObject => ({
  name: 'single',
  nodes: { only: { type: 'task', uses: 'handler:work', with: { notes: mesh.notes, ms }, retry: { maxAttempts: 3 } } },
  output: '${only.n}',
});

/** The most calls that were at work at once; those of a process that was killed ended with it. */
function mostAtOnce(mesh: Mesh, killed: number): number {
  let most = 0;
  const running = new Map<string, number>();
  for (const line of readFileSync(mesh.notes, 'utf8').split('\n')) {
    const [what, taskId = '', pid] = line.split(' ');
    if (what === 'killed') for (const [id, by] of running) if (by === killed) running.delete(id);
    if (what === 'began') running.set(taskId, Number(pid));
    if (what === 'ended') running.delete(taskId);
    most = Math.max(most, running.size);
  }
  return most;
}

describe.skipIf(testRedisUrl() === null)('a limit of a tenant', () => {
  test('A1: holds exactly over a worker that is killed and a Redis that is emptied, and nothing stays behind', async () => {
    const mesh = await openMesh();
    const [producer, victim] = await Promise.all([
      mesh.producer(),
      mesh.worker('--concurrency=8'),
      mesh.worker('--concurrency=8'),
    ]);
    const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
    onTestFinished(() => redis.close());
    await producer.client.tenants.set('default', { maxConcurrent: 5 });
    await delay(HEARD_MS);
    const ids = await startRuns(producer, 120, single(mesh, 40));
    await expect.poll(() => mesh.noted('ended').length, SOON).toBeGreaterThan(15);
    await redis.commands.flushall();
    await expect.poll(() => mesh.noted('ended').length, SOON).toBeGreaterThan(40);
    await victim.kill();
    appendFileSync(mesh.notes, `killed - ${victim.ready.pid}\n`);
    await expect.poll(() => mesh.noted('ended').length, SOON).toBeGreaterThan(60);
    await redis.commands.flushall();
    await mesh.allSucceed(ids, 1);

    expect(mostAtOnce(mesh, victim.ready.pid)).toBe(5);
  });

  test('A1: a lane stays paused when Redis is emptied, and goes on once it is resumed', async () => {
    const mesh = await openMesh();
    const [producer] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=8')]);
    const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
    onTestFinished(() => redis.close());
    const lane = 'handler:work';
    await producer.client.lanes.pause(lane);
    await delay(HEARD_MS);
    const ids = await startRuns(producer, 20, single(mesh, 1));
    await redis.commands.flushall();
    await delay(HEARD_MS);
    const { items } = await producer.client.lanes.list();

    expect(mesh.noted('began')).toEqual([]);
    expect(items.find(({ name }) => name === lane)).toMatchObject({ waiting: 20, offered: 0, workers: 1 });
    await producer.client.lanes.resume(lane);
    await mesh.allSucceed(ids, 1);
  });
});
