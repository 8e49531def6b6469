import { openTcpProxy, testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../use-mesh.ts';
import type { Mesh, Producer } from '../use-mesh.ts';
import { workOf } from './flood.ts';

/** A statement that is under way is given up after 18 seconds, what else is under way after ten: the longest that both take. */
const STOP_MS = 45_000;

/** Requests again and again, whatever becomes of them, so that the producer has something in hand when it is told to stop. */
function keepBusy({ client }: Producer, mesh: Mesh): () => Promise<void> {
  let isOver = false;
  const busy = async (): Promise<void> => {
    while (!isOver) await client.runs.start({ workflow: workOf(mesh, { ms: 5 }) }).catch(() => undefined);
  };
  const all = Promise.all(Array.from({ length: 5 }, busy));
  return async () => {
    isOver = true;
    await all;
  };
}

describe.skipIf(testRedisUrl() === null)('processes that are told to stop', () => {
  test.each([
    ['Postgres', 'DATABASE_URL'],
    ['Redis', 'REDIS_URL'],
  ])('F55: end by themselves, though %s has fallen silent and stays so', async (silent, way) => {
    const mesh = await openMesh();
    const proxy = await openTcpProxy(silent === 'Postgres' ? mesh.databaseUrl : mesh.redis.url);
    onTestFinished(() => proxy.close());
    const by = mesh.by({ [way]: proxy.url });
    const [producer, worker] = await Promise.all([by.producer(), by.worker('--grace-ms=1000')]);
    const rest = keepBusy(producer, mesh);
    await expect.poll(() => mesh.noted('ended').length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(50);
    proxy.freeze();
    proxy.holdRequests();
    const since = performance.now();
    const stopped = [producer, worker].map(async ({ stop }) => {
      expect(await stop()).toBe(0);
      return performance.now() - since;
    });
    const times = await Promise.all(stopped);
    await rest();
    expect(Math.max(...times)).toBeLessThan(STOP_MS);
  });
});
