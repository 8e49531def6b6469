import type { Broker, TaskMessage } from '@weft/engine/ports';
import { createBullmqTimers, openRedis } from '@weft/redis';
import { ackOf, openTcpProxy, startRedisServer, taskMessage, testRedisUrl } from '@weft/testkit';
import type { RedisServer } from '@weft/testkit';
import { systemClock } from '@weft/embedded';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { openTestBroker } from './open-test-broker.ts';
import type { TestBroker } from './open-test-broker.ts';

const BOUND_MS = 10_000;
const DEFAULT = { lane: 'default', taskId: 'a' };

const claimOf = (worker: string, limit = 10, signal: AbortSignal = AbortSignal.timeout(BOUND_MS)) => {
  return { worker, lanes: ['default'], limit, signal };
};
const ids = (messages: readonly TaskMessage[]): string[] => messages.map(({ taskId }) => taskId);
const series = (count: number) => Array.from({ length: count }, (_, n) => taskMessage(`t${n}`));

/** Until a blocking read has begun. */
async function isWaiting({ connection }: TestBroker): Promise<void> {
  await expect.poll(() => connection.commands.client('LIST')).toContain('cmd=blmpop');
}

/** A script that the server does not know takes two round trips; a test that loses an answer wants one. */
async function loadScripts(broker: Broker): Promise<void> {
  await broker.publish([taskMessage('first')]);
  await broker.publish([], (await broker.claim(claimOf('w0'))).map(ackOf));
}

/** Tries until it works, as the engine's loops do. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + BOUND_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.skipIf(testRedisUrl() === null)('a broker on a Redis that fails', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  test('F11: after FLUSHALL the epoch is another, nothing is held, and waiting claims are served', async () => {
    const { broker, connection, prefix } = await openTestBroker({ url: server.url });
    const { broker: other } = await openTestBroker({ url: server.url, prefix });
    await broker.publish([taskMessage('a')]);
    const claimed = await broker.claim(claimOf('w1'));
    const epoch = await broker.epoch();
    const waiting = other.claim(claimOf('w2'));
    await connection.commands.flushall();

    const fresh = await broker.epoch();
    expect(fresh).not.toBe(epoch);
    expect(await other.epoch()).toBe(fresh);
    expect(await broker.held([DEFAULT])).toEqual([null]);
    await broker.release('w1', claimed);
    expect(await broker.publish([taskMessage('b')])).toBe(1);
    expect(ids(await waiting)).toEqual(['b']);
  });

  test('F13: a claim that waits outlives a restart of Redis', async () => {
    const first = await openTestBroker({ url: server.url });
    const { broker, prefix } = first;
    const { broker: other } = await openTestBroker({ url: server.url, prefix });
    const epoch = await broker.epoch();
    const waiting = other.claim(claimOf('w1'));
    await isWaiting(first);
    await server.restart();

    expect(await again(() => broker.publish([taskMessage('a')]))).toBe(1);
    expect(ids(await waiting)).toEqual(['a']);
    expect(await broker.epoch()).not.toBe(epoch);
  });

  test('F13: while Redis is away a publish and a new claim fail at once, and an aborted wait ends', async () => {
    const opened = await openTestBroker({ url: server.url });
    const { broker } = opened;
    const controller = new AbortController();
    const waiting = broker.claim(claimOf('w1', 1, controller.signal));
    await isWaiting(opened);
    await server.kill();
    onTestFinished(() => server.restart());
    const startedAt = performance.now();
    await expect(broker.publish([taskMessage('a')])).rejects.toThrow();
    await expect(broker.claim(claimOf('w2'))).rejects.toThrow();
    controller.abort();
    expect(await waiting).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2500);
  });

  test('F16: what a claim took whose answer was lost is handed out by the next claim of its worker', async () => {
    const proxy = await openTcpProxy(server.url);
    onTestFinished(() => proxy.close());
    const { broker, prefix } = await openTestBroker({ url: server.url });
    const { broker: cutOff } = await openTestBroker({ url: proxy.url, prefix });
    await loadScripts(broker);
    await broker.publish(series(5));
    proxy.holdReplies();
    const claim = cutOff.claim(claimOf('w1')).catch(() => []);
    await expect.poll(() => broker.depths([{ lane: 'default', tenant: 'acme', priority: 2 }])).toEqual([0]);
    proxy.cut();

    const claimed = await claim;
    const rest = claimed.length === 0 ? await again(() => cutOff.claim(claimOf('w1'))) : [];
    expect(ids([...claimed, ...rest])).toEqual(ids(series(5)));
    await cutOff.publish([], series(5).map(ackOf));
    expect(await broker.recall('w1')).toBe(0);
  });

  test('F16: what a claim took whose answer was lost goes to another worker if its own claims no more', async () => {
    const proxy = await openTcpProxy(server.url);
    onTestFinished(() => proxy.close());
    const { broker, prefix } = await openTestBroker({ url: server.url });
    const { broker: cutOff } = await openTestBroker({ url: proxy.url, prefix });
    await loadScripts(broker);
    await broker.publish(series(5));
    proxy.holdReplies();
    const controller = new AbortController();
    const claim = cutOff.claim(claimOf('w1', 10, controller.signal)).catch(() => []);
    await expect.poll(() => broker.depths([{ lane: 'default', tenant: 'acme', priority: 2 }])).toEqual([0]);
    // Two seconds without an answer: the claim has failed, though the connection stands.
    expect(await claim).toEqual([]);
    const waiting = broker.claim(claimOf('w2'));
    proxy.cut();

    expect(ids(await waiting)).toEqual(ids(series(5)));
  });

  test('F16: connections cut again and again lose no message', async () => {
    const { broker, connection, prefix } = await openTestBroker({ url: server.url });
    const { broker: other } = await openTestBroker({ url: server.url, prefix });
    const stop = new AbortController();
    const seen = new Set<string>();
    const work = async (worker: string): Promise<void> => {
      while (!stop.signal.aborted) {
        const messages = await other.claim(claimOf(worker, 7, stop.signal)).catch(() => []);
        for (const { taskId } of messages) seen.add(taskId);
        await again(() => other.publish([], messages.map(ackOf)));
        if (messages.length === 0) await new Promise(setImmediate);
      }
    };
    const workers = ['w1', 'w2', 'w3'].map(work);
    const messages = series(1000);
    for (let at = 0; at < messages.length; at += 50) {
      await again(() => broker.publish(messages.slice(at, at + 50)));
      await again(() => connection.commands.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    }

    await expect.poll(() => seen.size, { timeout: BOUND_MS }).toBe(messages.length);
    await expect
      .poll(() => again(() => broker.held(messages)), { timeout: BOUND_MS })
      .toEqual(messages.map(() => null));
    stop.abort();
    await Promise.all(workers);
  });

  test('F17: when the memory of Redis is full nothing is published, but what is there is claimed and acknowledged', async () => {
    const { broker, connection } = await openTestBroker({ url: server.url });
    await broker.publish(series(20));
    await connection.commands.config('SET', 'maxmemory', '1');
    try {
      await expect(broker.publish([taskMessage('more')])).rejects.toThrow(/OOM/);
      const claimed = await broker.claim(claimOf('w1', 15));
      await broker.release('w1', claimed.slice(10));
      await broker.publish([], claimed.slice(0, 10).map(ackOf));
      expect(ids(await broker.claim(claimOf('w1', 15)))).toEqual(ids(series(20).slice(10)));
    } finally {
      await connection.commands.config('SET', 'maxmemory', '0');
    }
    expect(await broker.publish([taskMessage('more')])).toBe(1);
  });

  test('F18: a Redis that may drop keys is refused with one line that says what to set', async () => {
    const evicting = await startRedisServer({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
    onTestFinished(() => evicting.stop());
    const opening = openRedis({ url: evicting.url });

    await expect(opening).rejects.toMatchObject({ code: 'redis_evicts' });
    await expect(opening).rejects.toThrow(/^[^\n]*set maxmemory-policy noeviction$/);
  });

  test('a Redis that does not answer is refused with one line', async () => {
    const gone = await startRedisServer();
    await gone.stop();
    const opening = openRedis({ url: gone.url, waitMs: 200 });

    await expect(opening).rejects.toMatchObject({ code: 'redis_unreachable' });
    await expect(opening).rejects.toThrow(/^Redis does not answer at 127\.0\.0\.1:\d+ [^\n]*REDIS_URL$/);
  });

  test('F21: SCRIPT FLUSH is not felt', async () => {
    const { broker, connection } = await openTestBroker({ url: server.url });
    for (let round = 0; round < 5; round++) {
      await broker.publish([taskMessage(`t${round}`)]);
      await connection.commands.script('FLUSH');
      const any = { worker: 'w1', lanes: ['*'], limit: 5, signal: AbortSignal.timeout(BOUND_MS) };
      expect(ids(await broker.claim(any))).toEqual([`t${round}`]);
      const waiting = broker.claim(any);
      await connection.commands.script('FLUSH');
      await broker.publish([taskMessage(`u${round}`)]);
      expect(ids(await waiting)).toEqual([`u${round}`]);
    }
  });

  test('timers close within two seconds when Redis is gone', async () => {
    const own = await startRedisServer();
    onTestFinished(() => own.stop());
    const connection = await openRedis({ url: own.url });
    const timers = createBullmqTimers(connection, { clock: systemClock });
    timers.onDue(() => undefined);
    await timers.schedule([{ runId: 'r', key: 'a#1', kind: 'retry', attempt: 1, dueAt: 1, inMs: 60_000 }]);
    await own.kill();
    const startedAt = performance.now();
    await timers.close();
    await connection.close();

    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
