import { createRedisBroker } from '@weft/redis';
import type { RedisBroker, RedisBrokerOptions, RedisConnection } from '@weft/redis';
import { onTestFinished } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

export type TestBroker = { broker: RedisBroker; connection: RedisConnection; prefix: string };

export type TestBrokerOptions = RedisBrokerOptions & { url?: string; prefix?: string };

/** A broker with connections of its own, as in another process; closed after the test. Those of one prefix share lanes. */
export async function openTestBroker({ url, prefix, ...options }: TestBrokerOptions = {}): Promise<TestBroker> {
  const connection = await openTestRedis({
    ...(url === undefined ? {} : { url }),
    ...(prefix === undefined ? {} : { prefix }),
  });
  const broker = createRedisBroker(connection, options);
  onTestFinished(async () => {
    await broker.close();
    await connection.close();
  });
  return { broker, connection, prefix: connection.prefix };
}
