import { ackOf, taskMessage, testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openTestBroker } from './open-test-broker.ts';

const COUNT = 100_000;

describe.skipIf(testRedisUrl() === null)('a flood', () => {
  test('A3: 100,000 messages of two publishers reach two workers, each once', { timeout: 60_000 }, async () => {
    const { broker: first, connection, prefix } = await openTestBroker();
    const { broker: second } = await openTestBroker({ prefix });
    const stop = new AbortController();
    const seen = new Set<string>();
    let doubles = 0;
    const work = async (worker: string, broker: typeof first): Promise<void> => {
      while (!stop.signal.aborted) {
        const messages = await broker.claim({ worker, lanes: ['default'], limit: 200, signal: stop.signal });
        for (const { taskId } of messages) {
          if (seen.has(taskId)) doubles += 1;
          seen.add(taskId);
        }
        await broker.publish([], messages.map(ackOf));
        if (seen.size === COUNT) stop.abort();
      }
    };
    const publish = async (broker: typeof first, from: number): Promise<void> => {
      for (let at = from; at < COUNT; at += 1000) {
        await broker.publish(
          Array.from({ length: 500 }, (_, n) => taskMessage(`t${at + n}`, { tenant: `tenant${(at + n) % 5}` })),
        );
      }
    };
    await Promise.all([work('w1', first), work('w2', second), publish(first, 0), publish(second, 500)]);

    expect({ seen: seen.size, doubles }).toEqual({ seen: COUNT, doubles: 0 });
    expect(await connection.commands.hlen(`${prefix}{default}:held`)).toBe(0);
  });
});
