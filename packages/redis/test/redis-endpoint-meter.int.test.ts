import { createRedisEndpointMeter } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { endpointMeterConformance } from '@weft/testkit/conformance/endpoint-meter';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  endpointMeterConformance('in Redis', async (clock) => {
    const first = await openTestRedis();
    const second = await openTestRedis({ prefix: first.prefix });
    const dispose = async (): Promise<void> => {
      await Promise.all([first.close(), second.close()]);
    };
    const [meter, other] = [first, second].map((connection) => createRedisEndpointMeter(connection, { clock }));
    if (!meter || !other) throw new Error('there are two');
    return { meter, other, dispose };
  });

  const one = { tenant: 'acme', name: 'one', maxConcurrent: 4, limits: { requestsPerMinute: 50 }, credential: 'key' };
  const succeeded = { verdict: 'succeeded', latencyMs: 3, tokens: 0 } as const;

  test('many clients by the clock of Redis: never more than the places, and never more than the minute has', async () => {
    const first = await openTestRedis();
    const connections = [
      first,
      ...(await Promise.all(Array.from({ length: 7 }, () => openTestRedis({ prefix: first.prefix })))),
    ];
    onTestFinished(async () => void (await Promise.all(connections.map((connection) => connection.close()))));
    let [running, most, begun] = [0, 0, 0];
    await Promise.all(
      connections.map(async (connection, client) => {
        const meter = createRedisEndpointMeter(connection);
        for (let n = 0; n < 40; n += 1) {
          const callId = `${client} ${n}`;
          const grant = await meter.begin(one, { callId, tokens: 0, leaseMs: 60_000 });
          if (grant.kind === 'refused') continue;
          [running, begun] = [running + 1, begun + 1];
          most = Math.max(most, running);
          await Promise.resolve();
          running -= 1;
          await meter.end(one, callId, succeeded);
        }
      }),
    );

    expect(most).toBeLessThanOrEqual(4);
    expect(begun).toBe(50);
  });

  test('F11: a Redis that has lost everything blocks nobody: circuits are closed, rates fresh, calls under way forgotten', async () => {
    const connection = await openTestRedis();
    onTestFinished(() => connection.close());
    const meter = createRedisEndpointMeter(connection);
    for (let n = 0; n < 4; n += 1) await meter.begin(one, { callId: `${n}`, tokens: 0, leaseMs: 60_000 });
    await meter.setCircuit(one, 'open');
    const keys = await connection.commands.keys(`${connection.prefix}*`);
    await connection.commands.del(keys);
    const [load] = await meter.look([one]);

    expect(load).toEqual({
      running: 0,
      latencyMs: null,
      circuit: 'closed',
      freeAt: null,
      room: 4,
      succeeded: 0,
      failed: 0,
    });
    await meter.end(one, '0', succeeded);
    await meter.renew(one, '1', 60_000);
    expect(await meter.begin(one, { callId: 'next', tokens: 0, leaseMs: 60_000 })).toEqual({ kind: 'granted' });
    expect(await meter.look([one])).toMatchObject([{ running: 1 }]);
  });

  test('what is not used any more leaves no key for long', async () => {
    const connection = await openTestRedis();
    onTestFinished(() => connection.close());
    const meter = createRedisEndpointMeter(connection);
    await meter.begin(one, { callId: 'a', tokens: 7, leaseMs: 60_000 });
    const keys = await connection.commands.keys(`${connection.prefix}*`);
    const left = await Promise.all(keys.map((key) => connection.commands.pttl(key)));

    expect(keys).toHaveLength(4);
    for (const ms of left) expect(ms).toBeGreaterThan(0);
  });
});
