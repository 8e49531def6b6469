import { createSeededRandom, openTcpProxy, testRedisUrl } from '@weft/testkit';
import type { TcpProxy } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { recordRecovery } from '../recovery.ts';
import { endedWorkers, openFlood } from './flood.ts';
import type { Flood } from './flood.ts';

type Way = 'REDIS_URL' | 'DATABASE_URL';

/** A flood whose processes reach one of the servers through a proxy. */
async function openFloodBehind(way: Way, delayMs: () => number = () => 0) {
  const proxies: TcpProxy[] = [];
  const flood = await openFlood({
    async env(mesh) {
      const proxy = await openTcpProxy(way === 'REDIS_URL' ? mesh.redis.url : mesh.databaseUrl);
      proxy.delay(delayMs);
      onTestFinished(() => proxy.close());
      proxies.push(proxy);
      return { [way]: proxy.url };
    },
  });
  return { flood, freeze: () => proxies.forEach((proxy) => proxy.freeze()) };
}

/** Between 150 and 250 ms, either way. */
function jitter(seed: number): () => number {
  const random = createSeededRandom(seed);
  return () => 150 + random.below(100);
}

/** How many tasks were begun more than once. */
function repeated({ mesh }: Flood): number {
  const begun = mesh.noted('began').map(({ taskId }) => taskId);
  return begun.length - new Set(begun).size;
}

describe.skipIf(testRedisUrl() === null)('a flood over a bad network', () => {
  test.each<[string, string, Way]>([
    ['F20', 'Redis', 'REDIS_URL'],
    ['F34', 'Postgres', 'DATABASE_URL'],
  ])('%s: to %s, with 200 ms and jitter, is slower, and nobody is taken for dead', async (_, __, way) => {
    const { flood } = await openFloodBehind(way, jitter(20));
    await flood.succeed(await flood.send(60, 5));

    expect(await endedWorkers(flood.mesh)).toEqual([]);
    expect(repeated(flood)).toBe(0);
  });

  test('F34: whose connections to Postgres fall silent, and nobody is told, goes on within 20 seconds', async () => {
    const { flood, freeze } = await openFloodBehind('DATABASE_URL');
    const ids = await flood.send(300, 40);
    await flood.underWay();
    freeze();
    const ms = await flood.watch.untilNextStep();
    recordRecovery('F34', ms);

    expect(ms).toBeLessThan(20_000);
    await flood.succeed(ids);
  });
});
