import { setTimeout as pause } from 'node:timers/promises';

import { createBullmqHousekeeping } from '@weft/redis';
import type { BullmqHousekeeping, RedisConnection } from '@weft/redis';
import { startRedisServer, testRedisUrl } from '@weft/testkit';
import { housekeepingConformance } from '@weft/testkit/conformance/housekeeping';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

type Opened = { housekeeping: BullmqHousekeeping; connection: RedisConnection; dispose: () => Promise<void> };

async function openHousekeeping(redis: { url?: string; prefix?: string } = {}): Promise<Opened> {
  const connection = await openTestRedis(redis);
  const housekeeping = createBullmqHousekeeping(connection, { onListenerError: () => undefined });
  const dispose = async (): Promise<void> => {
    await housekeeping.close();
    await connection.close();
  };
  return { housekeeping, connection, dispose };
}

const HOURLY = [{ name: 'a', everyMs: 3_600_000 }];
const POLL = { timeout: 10_000, interval: 20 };

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  housekeepingConformance(
    'in BullMQ',
    async () => {
      const first = await openHousekeeping();
      const redis = { prefix: first.connection.prefix };
      const fleet = [first, await openHousekeeping(redis), await openHousekeeping(redis)];
      return {
        fleet: fleet.map(({ housekeeping }) => housekeeping),
        elapse: (ms) => pause(ms),
        dispose: async () => void (await Promise.all(fleet.map(({ dispose }) => dispose()))),
      };
    },
    { unitMs: 200 },
  );

  test('F11: a chore that Redis has lost has its turns again once somebody looks', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { housekeeping, connection, dispose } = await openHousekeeping({ url: server.url });
    onTestFinished(dispose);
    const turns: string[] = [];
    housekeeping.onTurn(async (name) => void turns.push(name));
    await housekeeping.keep(HOURLY);
    await expect.poll(() => turns, POLL).toEqual(['a']);
    await connection.commands.flushall();
    await housekeeping.keep(HOURLY);

    await expect.poll(() => turns, POLL).toEqual(['a', 'a']);
  });

  test('F13: a Redis that goes away and comes back empty costs turns, and no process', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { housekeeping, dispose } = await openHousekeeping({ url: server.url });
    onTestFinished(dispose);
    const turns: string[] = [];
    housekeeping.onTurn(async (name) => void turns.push(name));
    await housekeeping.keep(HOURLY);
    await expect.poll(() => turns, POLL).toEqual(['a']);
    await server.kill();
    const asked = housekeeping.keep(HOURLY).catch(() => undefined);
    await server.restart();
    await asked;
    const look = async (): Promise<string[]> => {
      await housekeeping.keep(HOURLY).catch(() => undefined);
      return turns;
    };

    await expect.poll(look, POLL).toEqual(['a', 'a']);
  });

  test('a turn that was lost with the process that had it does not end the turns', async () => {
    const { housekeeping, connection, dispose } = await openHousekeeping();
    onTestFinished(dispose);
    await housekeeping.keep(HOURLY);
    const queue = `{${connection.prefix.replace(/:$/, '')}}:chores`;
    const [job = ''] = await connection.commands.lrange(`${queue}:wait`, 0, -1);
    // As it is when the process died that had begun the turn, and the one that found it dead died, too.
    await connection.commands.multi().del(`${queue}:wait`, `${queue}:${job}`).zadd(`${queue}:repeat`, 1, 'a').exec();
    const turns: string[] = [];
    housekeeping.onTurn(async (name) => void turns.push(name));
    await housekeeping.keep(HOURLY);

    expect(await connection.commands.zcard(`${queue}:delayed`)).toBe(1);
    expect(turns).toEqual([]);
  });

  test('housekeeping closes within two seconds when Redis is gone', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { housekeeping, dispose } = await openHousekeeping({ url: server.url });
    housekeeping.onTurn(async () => {});
    await housekeeping.keep(HOURLY);
    await server.kill();
    const startedAt = performance.now();
    await dispose();

    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
