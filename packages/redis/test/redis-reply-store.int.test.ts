import { createRedisReplyStore } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { replyStoreConformance } from '@weft/testkit/conformance/reply-store';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  replyStoreConformance('in Redis', async () => {
    const first = await openTestRedis();
    const second = await openTestRedis({ prefix: first.prefix });
    const dispose = async (): Promise<void> => {
      await Promise.all([first.close(), second.close()]);
    };
    return { store: createRedisReplyStore(first), other: createRedisReplyStore(second), dispose };
  });

  test('what was asked for is remembered for a day, and what was not for an hour', async () => {
    const connection = await openTestRedis();
    onTestFinished(() => connection.close());
    const store = createRedisReplyStore(connection);
    await store.open('a');
    await store.attend('m', 'one', 1000);
    const keys = await connection.commands.keys(`${connection.prefix}*`);
    const left = await Promise.all(keys.map((key) => connection.commands.pttl(key)));

    expect(keys).toHaveLength(2);
    for (const ms of left) expect(ms).toBeGreaterThan(86_000_000);
    await store.put('b', 1, 'unasked');
    const [key = ''] = await connection.commands.keys(`${connection.prefix}*reply b*`);
    const unasked = await connection.commands.pttl(key);
    expect(unasked).toBeGreaterThan(3_500_000);
    expect(unasked).toBeLessThanOrEqual(3_600_000);
  });
});
