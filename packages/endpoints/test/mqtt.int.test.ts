import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import { createMemoryReplyStore } from '@weft/embedded';
import { createRedisReplyStore, openRedis } from '@weft/redis';
import { freePort, testRedisUrl, uniqueRedisPrefix } from '@weft/testkit';
import { startMqttBroker } from '@weft/testkit/mqtt-broker';
import type { MqttBroker } from '@weft/testkit/mqtt-broker';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startMqttWorker } from './mqtt-worker.ts';
import { openProtocol, protocolCall } from './protocol-call.ts';

const SECRET = 'very-secret-0123456789';

let broker: MqttBroker;
beforeAll(async () => void (broker = await startMqttBroker()));
afterAll(() => broker.stop());

/** A topic of its own for each test. */
function topic(): { name: string; url: string } {
  const name = `desk/${randomUUID()}`;
  return { name, url: `${broker.url}/${name}` };
}

describe('a worker behind an MQTT broker', () => {
  test('gets the request with its correlation, and its answer comes back', async () => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name, () => ({ response: '{"a": 1}', timestamp_ms: 1 }));
    const call = protocolCall(url, { target: { token: SECRET } });
    const result = await openProtocol('mqtt').call(call);
    const [request] = worker.requests;

    expect(result).toEqual({ kind: 'answered', text: '{"a": 1}', output: { a: 1 } });
    expect(request?.body).toEqual({
      correlation_id: 'task-1',
      reply_to: `${name}/responses`,
      timestamp_ms: expect.any(Number),
      token: SECRET,
      message: 'Say hello.',
      session_key: 'run_1_step_a',
    });
    expect(request?.packet).toMatchObject({
      qos: 1,
      properties: { responseTopic: `${name}/responses`, correlationData: Buffer.from('task-1') },
    });
  });

  test('steers the run and says what it cost as over HTTP', async () => {
    const { name, url } = topic();
    const answer = {
      response: 'x',
      goto: 'next',
      state_updates: { a: 1 },
      usage: { input_tokens: 1, output_tokens: 2 },
    };
    await startMqttWorker(broker.url, name, () => answer);

    expect(await openProtocol('mqtt').call(protocolCall(url))).toEqual({
      kind: 'answered',
      text: 'x',
      output: 'x',
      goto: ['next'],
      stateUpdates: { a: 1 },
      usage: { inputTokens: 1, outputTokens: 2, usd: 0 },
    });
  });

  test('that takes long leaves the call pending, and any worker goes on with it, without sending again', async () => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name);
    const replies = createMemoryReplyStore();
    const first = await openProtocol('mqtt', { replies, holdMs: 50 }).call(protocolCall(url));
    if (first.kind !== 'pending') throw new Error(JSON.stringify(first));
    const other = openProtocol('mqtt', { replies, holdMs: 5000 });
    const going = other.call(protocolCall(url, { memo: first.memo }));
    const [request] = await worker.received(1);
    await worker.reply(request!, { response: 'at last' });

    expect(first).toMatchObject({ afterMs: 1000 });
    expect(await going).toMatchObject({ kind: 'answered', text: 'at last' });
    expect(worker.requests).toHaveLength(1);
  });

  test('that only acknowledges has not answered yet', async () => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name, () => ({ status: 'received' }));
    const going = openProtocol('mqtt', { holdMs: 5000 }).call(protocolCall(url));
    const [request] = await worker.received(1);
    await worker.reply(request!, { response: 'done' });

    expect(await going).toMatchObject({ kind: 'answered', text: 'done' });
  });

  test('F47: is not asked again for an answer that is there, and answers that come twice are told apart', async () => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name, () => ({ response: 'one' }));
    const fates: unknown[] = [];
    const info = (fields: object): void => void fates.push('fate' in fields ? fields.fate : null);
    const silent = (): void => undefined;
    const log = { debug: silent, info, warn: silent, error: silent };
    const client = openProtocol('mqtt', { log });
    const first = await client.call(protocolCall(url));
    const [request] = await worker.received(1);
    await worker.reply(request!, { response: 'two' });
    await worker.reply(request!, { response: 'of nobody' }, 'nobody');
    await expect.poll(() => fates, { timeout: 5000 }).toEqual(['repeated', 'unasked']);
    const again = await client.call(protocolCall(url));

    expect([first, again]).toMatchObject([{ text: 'one' }, { text: 'one' }]);
    expect(worker.requests).toHaveLength(1);
  });

  test('F47: that reports an error is asked anew by the next attempt, and what still comes for the one before is late', async () => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name, ({ body }) =>
      body.correlation_id === 'task-1' ? { error: { message: 'busy' }, response: 'x' } : null,
    );
    const client = openProtocol('mqtt', { holdMs: 5000 });
    const failed = await client.call(protocolCall(url));
    const going = client.call(protocolCall(url));
    const [first, second] = await worker.received(2);
    await worker.reply(first!, { response: 'too late' });
    await worker.reply(second!, { response: 'now' });

    expect(failed).toMatchObject({ error: { code: 'endpoint_error', message: 'The endpoint reports: busy' } });
    expect(second?.body.correlation_id).toBe('task-1#2');
    expect(await going).toMatchObject({ kind: 'answered', text: 'now' });
  });

  test.each([
    ['no JSON', '<html>', 'bad_response'],
    ['too much', JSON.stringify({ response: 'x'.repeat(2000) }), 'response_too_large'],
    ['far too much', 'x'.repeat(3_000_000), 'response_too_large'],
    ['no output', '{"result": 1}', 'missing_output'],
  ])('that answers %s fails', async (_, payload, code) => {
    const { name, url } = topic();
    const worker = await startMqttWorker(broker.url, name);
    const going = openProtocol('mqtt', { holdMs: 5000 }).call(protocolCall(url, { maxBytes: 1000 }));
    const [request] = await worker.received(1);
    await worker.reply(request!, payload);

    expect(await going).toMatchObject({ kind: 'failed', isFault: true, error: { code } });
  });

  test('serves two installations apart, and each keeps the answers to what it asked', async () => {
    const { name, url } = topic();
    await startMqttWorker(broker.url, name, ({ body }) => ({ response: body['message'] ?? '' }));
    const ask = (group: string) => {
      const client = openProtocol('mqtt', { holdMs: 5000 });
      const calls = [1, 2, 3].map((n) => ({ idempotencyKey: `${group}-${n}`, prompt: `${group} ${n}` }));
      const target = { options: { group } };
      return Promise.all(calls.map((call) => client.call(protocolCall(url, { ...call, target }))));
    };
    const results = await Promise.all([ask('one'), ask('two')]);

    expect(results.map((own) => own.map((result) => result.kind === 'answered' && result.text))).toEqual([
      ['one 1', 'one 2', 'one 3'],
      ['two 1', 'two 2', 'two 3'],
    ]);
  });

  test('is given up when the call is aborted', async () => {
    const { name, url } = topic();
    await startMqttWorker(broker.url, name);
    const result = await openProtocol('mqtt').call(protocolCall(url, { signal: AbortSignal.timeout(300) }));

    expect(result).toMatchObject({ kind: 'failed', isFault: false, error: { code: 'aborted' } });
  });

  test('serves many at once through many workers, each with its own answer', async () => {
    const { name, url } = topic();
    await startMqttWorker(broker.url, name, ({ body }) => ({ response: `for ${body.correlation_id}` }));
    const replies = createMemoryReplyStore();
    const clients = [1, 2, 3].map(() => openProtocol('mqtt', { replies }));
    const keys = Array.from({ length: 60 }, (_, index) => `task-${index}`);
    const results = await Promise.all(
      keys.map((idempotencyKey, index) => clients[index % 3]!.call(protocolCall(url, { idempotencyKey }))),
    );

    expect(results.map((result) => result.kind === 'answered' && result.text)).toEqual(keys.map((key) => `for ${key}`));
  });
});

describe('a worker of ours that', () => {
  test(
    'F02: is killed while an answer is on its way: the next one finds it, and does not ask again',
    { timeout: 90_000 },
    async () => {
      const { name, url } = topic();
      const worker = await startMqttWorker(broker.url, name);
      const prefix = uniqueRedisPrefix();
      const env = { ...process.env, ASK_REDIS: testRedisUrl() ?? '', ASK_PREFIX: prefix, ASK_URL: url };
      const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/asking-process.ts')], {
        env,
        stdio: 'inherit',
      });
      const [request] = await worker.received(1, 60_000);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await worker.reply(request!, { response: 'for whoever lives' });
      const connection = await openRedis({ url: testRedisUrl() ?? '', prefix });
      onTestFinished(() => connection.close());
      const client = openProtocol('mqtt', { replies: createRedisReplyStore(connection), leaseMs: 500 });

      expect(await client.call(protocolCall(url))).toMatchObject({ kind: 'answered', text: 'for whoever lives' });
      expect(worker.requests).toHaveLength(1);
    },
  );
});

describe('an MQTT broker that', () => {
  test('F61: restarts between request and answer, and forgets all, is told again', async () => {
    const own = await startMqttBroker();
    onTestFinished(() => own.stop());
    const worker = await startMqttWorker(own.url, 'desk');
    const going = openProtocol('mqtt', { holdMs: 15_000 }).call(protocolCall(`${own.url}/desk`));
    await worker.received(1);
    await own.restart();
    const [first, second] = await worker.received(2);
    await worker.reply(first!, { response: 'after all' });

    expect(second?.body.correlation_id).toBe(first?.body.correlation_id);
    expect(await going).toMatchObject({ kind: 'answered', text: 'after all' });
  });

  test('F61: restarts while the call is pending is told again by whoever goes on', async () => {
    const own = await startMqttBroker();
    onTestFinished(() => own.stop());
    const worker = await startMqttWorker(own.url, 'desk');
    const shared = { replies: createMemoryReplyStore(), leaseMs: 500 };
    const client = openProtocol('mqtt', { ...shared, holdMs: 20 });
    const pending = await client.call(protocolCall(`${own.url}/desk`));
    await own.restart();
    const memo = pending.kind === 'pending' ? pending.memo : null;
    const going = openProtocol('mqtt', { ...shared, holdMs: 15_000 }).call(protocolCall(`${own.url}/desk`, { memo }));
    const [, second] = await worker.received(2);
    await worker.reply(second!, { response: 'after all' });

    expect(pending).toMatchObject({ kind: 'pending' });
    expect(await going).toMatchObject({ kind: 'answered', text: 'after all' });
  });

  test('is down fails with network_error', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}/desk`;
    const client = openProtocol('mqtt');

    expect(await client.call(protocolCall(url))).toMatchObject({
      isFault: true,
      error: { code: 'network_error', retryable: true, message: expect.stringContaining('ECONNREFUSED') },
    });
    const probe = await client.probe(protocolCall(url).target, null, AbortSignal.timeout(3000));
    expect(probe).toEqual({ isHealthy: false, detail: expect.stringContaining('ECONNREFUSED') });
  });

  test('does not let it in fails with endpoint_unauthorized, and lets it in with the right password', async () => {
    const own = await startMqttBroker({ passwords: join(import.meta.dirname, 'fixtures/mosquitto-passwords') });
    onTestFinished(() => own.stop());
    const client = openProtocol('mqtt', { holdMs: 20 });
    const options = { tokenFor: 'broker', username: 'weft' };
    const target = (token: string) => protocolCall(`${own.url}/desk`, { target: { token, options } }).target;
    const signal = AbortSignal.timeout(5000);
    const refused = await client.call(protocolCall(`${own.url}/desk`, { target: target('wrong-password') }));
    const probes = [
      await client.probe(target('wrong-password'), null, signal),
      await client.probe(target('right-password'), null, signal),
    ];
    const unheard = await client.call(protocolCall(`${own.url}/desk`, { target: target('right-password') }));

    expect(refused).toMatchObject({ isFault: true, error: { code: 'endpoint_unauthorized', retryable: false } });
    expect(JSON.stringify([refused, probes])).not.toContain('wrong-password');
    expect(probes).toMatchObject([{ isHealthy: false }, { isHealthy: true }]);
    expect(unheard).toMatchObject({ error: { code: 'endpoint_not_listening' } });
  });

  test('has nobody to give the request to says so', async () => {
    const result = await openProtocol('mqtt').call(protocolCall(topic().url));

    expect(result).toMatchObject({ isFault: true, error: { code: 'endpoint_not_listening', retryable: true } });
  });
});

describe('the URL of an MQTT endpoint', () => {
  test.each([
    ['mqtt://127.0.0.1:1883/desk/in', null],
    ['mqtts://broker.example/desk', null],
    ['http://127.0.0.1/desk', 'only mqtt and mqtts are allowed'],
    ['mqtt://127.0.0.1:1883', 'it names no topic: mqtt://host:1883/topic'],
    ['mqtt://127.0.0.1/a/+/b', 'a topic that is published to has no wildcards'],
    ['mqtt://user:secret@127.0.0.1/a', 'no user or password in a URL: set options.username and the token'],
    ['desk', 'not an absolute URL'],
  ])('%s is looked at: %s', (url, problem) => {
    expect(openProtocol('mqtt').checkUrl(url)).toBe(problem);
  });

  test('with a password for the broker needs a username', () => {
    expect(openProtocol('mqtt').checkOptions({ tokenFor: 'broker' })).toBe(
      'options.username: a password needs a username',
    );
  });
});
