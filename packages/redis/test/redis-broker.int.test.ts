import { createRedisBroker } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { brokerConformance } from '@weft/testkit/conformance/broker';
import { describe } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  brokerConformance('in Redis', async () => {
    const first = await openTestRedis();
    const second = await openTestRedis({ prefix: first.prefix });
    const [broker, other] = [first, second].map((connection) => createRedisBroker(connection, { ageingMs: 5000 }));
    if (broker === undefined || other === undefined) throw new Error('no broker');
    const dispose = async (): Promise<void> => {
      await Promise.all([broker.close(), other.close()]);
      await Promise.all([first.close(), second.close()]);
    };
    return { broker, other, ageingMs: 5000, dispose };
  });
});
