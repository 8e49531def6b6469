import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import { createMemoryReplyStore } from '@weft/embedded';
import { createRedisReplyStore, openRedis } from '@weft/redis';
import { freePort, startRedisServer, testRedisUrl, uniqueRedisPrefix } from '@weft/testkit';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openProtocol, protocolCall } from './protocol-call.ts';
import { startStreamWorker } from './stream-worker.ts';

const SECRET = 'very-secret-0123456789';
const REDIS = testRedisUrl() ?? '';

/** A stream of its own for each test. */
function stream(): { name: string; url: string } {
  const name = `desk:${randomUUID()}`;
  return { name, url: `${REDIS}/${name}` };
}

describe.skipIf(REDIS === '')('a worker behind a Redis stream', () => {
  test('gets the request with its correlation, and its answer comes back', async () => {
    const { name, url } = stream();
    const worker = await startStreamWorker(REDIS, name, () => ({ response: '{"a": 1}', timestamp_ms: 1 }));
    const result = await openProtocol('redis_stream').call(protocolCall(url, { target: { token: SECRET } }));

    expect(result).toEqual({ kind: 'answered', text: '{"a": 1}', output: { a: 1 } });
    expect(worker.requests).toEqual([
      {
        correlation_id: 'task-1',
        reply_to: `${name}:responses`,
        timestamp_ms: expect.any(Number),
        token: SECRET,
        message: 'Say hello.',
        session_key: 'run_1_step_a',
      },
    ]);
  });

  test('has its answers read by a consumer group, which leaves none unacknowledged', async () => {
    const { name, url } = stream();
    await startStreamWorker(REDIS, name, () => ({ response: 'x' }));
    await openProtocol('redis_stream').call(protocolCall(url, { target: { options: { group: 'two' } } }));
    const redis = new Redis(REDIS);
    onTestFinished(() => redis.disconnect());

    const pending = async () => (await redis.xpending(`${name}:responses`, 'two'))[0];
    await expect.poll(pending, { timeout: 5000 }).toBe(0);
    expect(await redis.xinfo('GROUPS', `${name}:responses`)).toHaveLength(1);
  });

  test('that takes long leaves the call pending, and any worker goes on with it, without sending again', async () => {
    const { name, url } = stream();
    const worker = await startStreamWorker(REDIS, name);
    const replies = createMemoryReplyStore();
    const first = await openProtocol('redis_stream', { replies, holdMs: 50 }).call(protocolCall(url));
    const memo = first.kind === 'pending' ? first.memo : null;
    const going = openProtocol('redis_stream', { replies, holdMs: 5000 }).call(protocolCall(url, { memo }));
    const [request] = await worker.received(1);
    await worker.reply(request!, { response: 'at last' });

    expect(first).toMatchObject({ kind: 'pending', afterMs: 1000 });
    expect(await going).toMatchObject({ kind: 'answered', text: 'at last' });
    expect(worker.requests).toHaveLength(1);
  });

  test('that reports an error is asked anew by the next attempt', async () => {
    const { name, url } = stream();
    const worker = await startStreamWorker(REDIS, name, (request) =>
      request.correlation_id === 'task-1' ? { error: 'busy' } : { response: 'now' },
    );
    const client = openProtocol('redis_stream');
    const results = [await client.call(protocolCall(url)), await client.call(protocolCall(url))];

    expect(results).toMatchObject([{ error: { code: 'endpoint_error' } }, { text: 'now' }]);
    expect(worker.requests.map((request) => request.correlation_id)).toEqual(['task-1', 'task-1#2']);
  });

  test('that answers garbage fails', async () => {
    const { name, url } = stream();
    const worker = await startStreamWorker(REDIS, name);
    const going = openProtocol('redis_stream').call(protocolCall(url));
    const [request] = await worker.received(1);
    await worker.reply(request!, '<html>');

    expect(await going).toMatchObject({ isFault: true, error: { code: 'bad_response' } });
  });

  test('serves many at once through many workers, each with its own answer', async () => {
    const { name, url } = stream();
    await startStreamWorker(REDIS, name, (request) => ({ response: `for ${request.correlation_id}` }));
    const replies = createMemoryReplyStore();
    const clients = [1, 2, 3].map(() => openProtocol('redis_stream', { replies }));
    const keys = Array.from({ length: 60 }, (_, index) => `task-${index}`);
    const results = await Promise.all(
      keys.map((idempotencyKey, index) => clients[index % 3]!.call(protocolCall(url, { idempotencyKey }))),
    );

    expect(results.map((result) => result.kind === 'answered' && result.text)).toEqual(keys.map((key) => `for ${key}`));
  });

  test(
    'F02: has its answer found though our worker was killed while it was on its way, and is not asked again',
    { timeout: 90_000 },
    async () => {
      const { name, url } = stream();
      const worker = await startStreamWorker(REDIS, name);
      const prefix = uniqueRedisPrefix();
      const asks = { ASK_REDIS: REDIS, ASK_PREFIX: prefix, ASK_URL: url, ASK_PROTOCOL: 'redis_stream' };
      const script = join(import.meta.dirname, 'fixtures/asking-process.ts');
      const child = spawn(process.execPath, [script], { env: { ...process.env, ...asks }, stdio: 'inherit' });
      const [request] = await worker.received(1, 60_000);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await worker.reply(request!, { response: 'for whoever lives' });
      const connection = await openRedis({ url: REDIS, prefix });
      onTestFinished(() => connection.close());
      const client = openProtocol('redis_stream', { replies: createRedisReplyStore(connection), leaseMs: 500 });

      expect(await client.call(protocolCall(url))).toMatchObject({ kind: 'answered', text: 'for whoever lives' });
      expect(worker.requests).toHaveLength(1);
    },
  );
});

describe('the Redis of an endpoint that', () => {
  test('F61: restarts between request and answer, and forgets all, is told again', async () => {
    const own = await startRedisServer();
    onTestFinished(() => own.stop());
    const worker = await startStreamWorker(own.url, 'desk');
    const going = openProtocol('redis_stream', { holdMs: 15_000 }).call(protocolCall(`${own.url}/desk`));
    await worker.received(1);
    await own.restart();
    await expect.poll(() => worker.requests.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(1);
    const probe = new Redis(own.url, { maxRetriesPerRequest: null });
    onTestFinished(() => probe.disconnect());
    await expect.poll(() => probe.xlen('desk'), { timeout: 10_000 }).toBe(1);
    await worker.reply(worker.requests[0]!, { response: 'after all' });

    expect(await going).toMatchObject({ kind: 'answered', text: 'after all' });
  });

  test('is down fails with network_error', async () => {
    const url = `redis://127.0.0.1:${await freePort()}/desk`;
    const client = openProtocol('redis_stream');

    expect(await client.call(protocolCall(url))).toMatchObject({
      isFault: true,
      error: { code: 'network_error', retryable: true },
    });
    const probe = await client.probe(protocolCall(url).target, null, AbortSignal.timeout(3000));
    expect(probe).toMatchObject({ isHealthy: false });
  });

  test('does not let it in fails with endpoint_unauthorized, and lets it in with the right password', async () => {
    const own = await startRedisServer({ settings: { requirepass: 'right-password' } });
    onTestFinished(() => own.stop());
    const client = openProtocol('redis_stream', { holdMs: 20 });
    const call = (token: string | null) =>
      protocolCall(`${own.url}/desk`, { target: { token, options: { tokenFor: 'broker' } } });
    const refused = [await client.call(call(null)), await client.call(call('wrong-password'))];
    const signal = AbortSignal.timeout(5000);
    const probes = [
      await client.probe(call('wrong-password').target, null, signal),
      await client.probe(call('right-password').target, null, signal),
    ];

    for (const result of refused) {
      expect(result).toMatchObject({ isFault: true, error: { code: 'endpoint_unauthorized', retryable: false } });
    }
    expect(JSON.stringify([refused, probes])).not.toContain('wrong-password');
    expect(probes).toMatchObject([{ isHealthy: false }, { isHealthy: true }]);
    expect(await client.call(call('right-password'))).toMatchObject({ kind: 'pending' });
  });
});

test.each([
  ['redis://127.0.0.1:6379/desk', null],
  ['rediss://redis.example/desk:in', null],
  ['http://127.0.0.1/desk', 'only redis and rediss are allowed'],
  ['redis://127.0.0.1:6379', 'it names no stream: redis://host:6379/stream'],
  ['redis://:secret@127.0.0.1/desk', 'no user or password in a URL: set options.username and the token'],
])('the URL %s of a Redis stream is looked at: %s', (url, problem) => {
  expect(openProtocol('redis_stream').checkUrl(url)).toBe(problem);
});
