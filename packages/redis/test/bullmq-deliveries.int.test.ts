import { createBullmqDeliveries } from '@weft/redis';
import type { BullmqDeliveries } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

const SOON = { timeout: 10_000, interval: 20 };

async function openDeliveries(prefix?: string): Promise<{ deliveries: BullmqDeliveries; prefix: string }> {
  const connection = await openTestRedis(prefix === undefined ? {} : { prefix });
  const deliveries = createBullmqDeliveries(connection, { onListenerError: () => undefined });
  onTestFinished(async () => {
    await deliveries.close();
    await connection.close();
  });
  return { deliveries, prefix: connection.prefix };
}

describe.skipIf(testRedisUrl() === null)('deliveries in BullMQ', () => {
  test('are given to one of the processes each, and one that fails does not come back', async () => {
    const first = await openDeliveries();
    const second = await openDeliveries(first.prefix);
    const given: string[] = [];
    for (const { deliveries } of [first, second]) {
      deliveries.onDelivery(async (id) => {
        given.push(id);
        if (id === 'bad') throw new Error('it fails');
      });
    }
    const ids = ['bad', ...Array.from({ length: 50 }, (_, n) => `d${n}`)];
    await first.deliveries.add(ids);

    await expect.poll(() => given.length, SOON).toBe(ids.length);
    expect(given.toSorted()).toEqual(ids.toSorted());
    await first.deliveries.add(['d0']);
    await expect.poll(() => given.length, SOON).toBe(ids.length + 1);
  });

  test('wait for whoever comes to work', async () => {
    const { deliveries } = await openDeliveries();
    await deliveries.add(['a']);
    const given: string[] = [];
    const leave = deliveries.onDelivery(async (id) => void given.push(id));

    await expect.poll(() => given, SOON).toEqual(['a']);
    leave();
  });
});
