import { createRedisRateLimiter } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { rateLimiterConformance } from '@weft/testkit/conformance/rate-limiter';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  rateLimiterConformance('in Redis', async () => {
    const first = await openTestRedis();
    const second = await openTestRedis({ prefix: first.prefix });
    const dispose = async (): Promise<void> => {
      await Promise.all([first.close(), second.close()]);
    };
    return { limiter: createRedisRateLimiter(first), other: createRedisRateLimiter(second), dispose };
  });

  test('A1: what a rate has forgotten leaves no key', async () => {
    const connection = await openTestRedis();
    onTestFinished(() => connection.close());
    const limiter = createRedisRateLimiter(connection);
    await limiter.admit('acme', Date.now(), [[{ name: 'tenant', count: 1, perMs: 40, burst: 1 }]]);
    const keys = await connection.commands.keys(`${connection.prefix}*`);
    const left = await connection.commands.pttl(keys[0] ?? '');

    expect(keys).toHaveLength(1);
    expect(left).toBeLessThanOrEqual(40);
  });
});
