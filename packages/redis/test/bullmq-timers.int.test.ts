import { setTimeout as pause } from 'node:timers/promises';

import { systemClock } from '@weft/embedded';
import type { DueTimer } from '@weft/engine/ports';
import { createBullmqTimers } from '@weft/redis';
import { testRedisUrl } from '@weft/testkit';
import { timersConformance } from '@weft/testkit/conformance/timers';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openTestRedis } from './open-test-redis.ts';

async function openTimers({ nearMs = 250, ...redis }: { nearMs?: number; prefix?: string } = {}) {
  const connection = await openTestRedis(redis);
  const timers = createBullmqTimers(connection, { clock: systemClock, nearMs, onListenerError: () => undefined });
  const dispose = async (): Promise<void> => {
    await timers.close();
    await connection.close();
  };
  return { timers, connection, elapse: (ms: number) => pause(ms), dispose };
}

const timer = (key: string, inMs: number): DueTimer => {
  return { runId: 'run-1', key, kind: 'retry', attempt: 1, dueAt: 1_000_000 + inMs, inMs };
};

const POLL = { timeout: 5000, interval: 5 };

describe.skipIf(testRedisUrl() === null)('on a real Redis', () => {
  timersConformance('in BullMQ', () => openTimers({ nearMs: 10 }), { unitMs: 150 });

  test('A12: a timer that one process asked for wakes one of those that listen, and once', async () => {
    const asking = await openTimers();
    const redis = { prefix: asking.connection.prefix };
    const listening = [await openTimers(redis), await openTimers(redis)];
    onTestFinished(async () => void (await Promise.all([asking, ...listening].map(({ dispose }) => dispose()))));
    const heard: string[] = [];
    for (const { timers } of listening) timers.onDue((due) => void heard.push(...due.map(({ key }) => key)));
    const keys = Array.from({ length: 50 }, (_, index) => `t#${index}`);
    await asking.timers.schedule(keys.map((key) => timer(key, 300)));
    await listening[0]?.timers.schedule(
      keys.map((key) => timer(key, 299)).map((one) => ({ ...one, dueAt: 1_000_300 })),
    );

    await expect.poll(() => heard.length, POLL).toBeGreaterThanOrEqual(keys.length);
    expect(heard.toSorted()).toEqual(keys.toSorted());
  });

  test('A12: what is due within 250 ms wakes without Redis', async () => {
    const { timers, connection, dispose } = await openTimers();
    onTestFinished(dispose);
    const heard: string[] = [];
    timers.onDue((due) => void heard.push(...due.map(({ key }) => key)));
    connection.commands.disconnect();
    await timers.schedule([timer('b#1', 100), timer('a#1', 20)]);

    await expect.poll(() => heard, POLL).toEqual(['a#1', 'b#1']);
  });

  test('A12: a timer that Redis has lost is woken by whoever asks for it again once it is overdue', async () => {
    const { timers, connection, dispose } = await openTimers();
    onTestFinished(dispose);
    const heard: string[] = [];
    timers.onDue((due) => void heard.push(...due.map(({ key }) => key)));
    await timers.schedule([timer('a#1', 400)]);
    const keys = await connection.commands.keys(`{${connection.prefix.replace(/:$/, '')}}*`);
    await connection.commands.del(...keys);
    const askedAt = performance.now();
    const ask = async (): Promise<string[]> => {
      await timers.schedule([{ ...timer('a#1', 400), inMs: 400 - (performance.now() - askedAt) }]);
      return heard;
    };

    await expect.poll(ask, { ...POLL, interval: 50 }).toContain('a#1');
  });
});
