import type { EventBus } from '@weft/engine/ports';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startProducer } from '../src/index.ts';
import type { Producer, ProducerOptions } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';
import { openSocket, refusal } from './socket-log.ts';

let api: ApiRig;
let producer: Producer;
let gate = Promise.withResolvers<void>();

beforeAll(async () => {
  api = await createApiRig({
    gate: async () => {
      await gate.promise;
      return { kind: 'succeeded', output: 'through' };
    },
  });
  producer = await startProducer({ ...api.options, host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  gate.resolve();
  await producer.close();
  await api.stop();
});

const PATIENCE = { timeout: 15_000, interval: 10 };
const LENGTH = 30;

/** A chain: its run has a step for each node, one for the start and one for the end. */
const chain = {
  name: 'chain',
  nodes: Object.fromEntries(
    Array.from({ length: LENGTH }, (_, i) => [
      `n${i}`,
      { type: 'task', uses: i === 2 ? 'gate' : 'echo', ...(i > 0 && { needs: [`n${i - 1}`] }) },
    ]),
  ),
};
const ALL_STEPS = Array.from({ length: LENGTH + 2 }, (_, i) => i + 1);

async function startChain(): Promise<string> {
  gate = Promise.withResolvers();
  return (await api.post('/v1/runs', { workflow: chain })).json().id;
}

async function another(options: Partial<ProducerOptions> = {}): Promise<Producer> {
  const server = await startProducer({ ...api.options, host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.close());
  return server;
}

describe('watching a run', () => {
  test('tells every step once, then the end', async () => {
    const id = await startChain();
    const log = await openSocket(producer.url);
    log.send({ t: 'subscribe', id: 7, topic: `run:${id}`, modes: ['debug'] });
    await expect.poll(() => log.steps(7).length, PATIENCE).toBeGreaterThan(0);
    gate.resolve();
    await expect.poll(() => log.of(7).at(-1)?.t, PATIENCE).toBe('end');

    expect(log.steps(7)).toEqual(ALL_STEPS);
    expect(log.of(7).at(-1)).toEqual({
      t: 'end',
      id: 7,
      topic: `run:${id}`,
      step: ALL_STEPS.length,
      status: 'succeeded',
    });
    await log.close();
  });

  test('goes on after a step across connections and producers, and no step comes twice or never', async () => {
    const servers = [producer, await another()];
    const id = await startChain();
    const seen: number[] = [];
    let lastStep = 0;
    let ended = false;
    for (let turn = 0; turn < 50 && !ended; turn += 1) {
      const log = await openSocket(servers[turn % 2]?.url ?? '');
      log.send({ t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['debug'], after: lastStep });
      if (turn === 1) gate.resolve();
      await expect.poll(() => log.of('r').length, PATIENCE).toBeGreaterThan(0);
      log.socket.terminate();
      await log.closed;
      seen.push(...log.steps('r'));
      for (const frame of log.of('r')) if (frame.t === 'batch') lastStep = frame.lastStep ?? -1;
      ended = log.of('r').some(({ t }) => t === 'end');
    }
    expect(ended).toBe(true);
    expect(seen).toEqual(ALL_STEPS);
  });

  test('finds every step although the bus tells nothing', async () => {
    const bus: EventBus = { publish: () => undefined, subscribe: () => () => undefined };
    const deaf = await another({ bus });
    const id = await startChain();
    const log = await openSocket(deaf.url);
    log.send({ t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['debug'] });
    const stream = fetch(`${deaf.url}/v1/runs/${id}/events?modes=debug`).then((response) => response.text());
    await expect.poll(() => log.steps('r').length, PATIENCE).toBeGreaterThan(0);
    gate.resolve();
    await expect.poll(() => log.of('r').at(-1)?.t, PATIENCE).toBe('end');

    expect(log.steps('r')).toEqual(ALL_STEPS);
    expect([...(await stream).matchAll(/^id: (\d+)\nevent: debug$/gm)].map(([, step]) => Number(step))).toEqual(
      ALL_STEPS,
    );
    await log.close();
  });

  test('goes on when the store was away', async () => {
    const id = await startChain();
    let failures = 0;
    const { reader } = api.options.queries;
    const flaky = {
      ...reader,
      steps: (...args: Parameters<typeof reader.steps>) =>
        (failures += 1) % 2 === 1 ? Promise.reject(new Error('connection lost')) : reader.steps(...args),
    };
    const server = await another({ queries: { ...api.options.queries, reader: flaky } });
    const log = await openSocket(server.url);
    log.send({ t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['debug'] });
    await expect.poll(() => log.steps('r').length, PATIENCE).toBeGreaterThan(0);
    gate.resolve();
    await expect.poll(() => log.of('r').at(-1)?.t, PATIENCE).toBe('end');

    expect(log.steps('r')).toEqual(ALL_STEPS);
    expect(failures).toBeGreaterThan(2);
    await log.close();
  });

  test('ends when the client wishes it, and the id is free again', async () => {
    const id = await startChain();
    const log = await openSocket(producer.url);
    const subscribe = { t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['debug'] };
    log.send(subscribe);
    log.send(subscribe);
    log.send({ t: 'unsubscribe', id: 'r' });
    log.send(subscribe);
    gate.resolve();
    await expect.poll(() => log.of('r').at(-1), PATIENCE).toMatchObject({ t: 'end', status: 'succeeded' });

    const other = log.of('r').filter(({ t }) => t !== 'batch');
    expect(other).toMatchObject([{ t: 'error', code: 'conflict' }, { t: 'end' }, { t: 'end', status: 'succeeded' }]);
    await log.close();
  });

  test('a hundred runs at once over one connection', async () => {
    const runs = Array.from({ length: 100 }, (_, n) => ({
      workflow: { name: 'one', nodes: { a: { type: 'task', uses: 'echo' } } },
      input: { n },
    }));
    const items: { id: string }[] = (await api.post('/v1/runs/batch', { runs })).json().items;
    const log = await openSocket(producer.url);
    for (const { id } of items) log.send({ t: 'subscribe', id, topic: `run:${id}`, modes: ['debug'] });
    await expect.poll(() => log.frames.filter(({ t }) => t === 'end').length, PATIENCE).toBe(100);

    for (const { id } of items) expect(log.steps(id)).toEqual([1, 2, 3]);
    for (let n = 0; n <= 100; n += 1) log.send({ t: 'subscribe', id: n, topic: 'workers' });
    await expect.poll(() => log.frames.some(({ t }) => t === 'error'), PATIENCE).toBe(true);
    expect(log.frames.filter(({ t }) => t === 'error')).toMatchObject([{ id: 100, code: 'too_many_requests' }]);
    await log.close();
  });
});

describe('watching what is not numbered', () => {
  test('runs begin with the newest, then come as they advance and end', async () => {
    const log = await openSocket(producer.url);
    log.send({ t: 'subscribe', id: 'all', topic: 'runs' });
    await expect.poll(() => log.of('all')[0]?.t, PATIENCE).toBe('snapshot');
    const id = await startChain();
    gate.resolve();
    const events = () => log.of('all').flatMap((frame) => (frame.t === 'batch' ? frame.events : []));
    const mine = () => events().filter(({ runId }) => runId === id);
    await expect.poll(() => mine().map(({ type }) => type), PATIENCE).toContain('run_ended');
    await expect
      .poll(() => mine().some(({ data }) => (data as { status?: string })?.status === 'succeeded'), PATIENCE)
      .toBe(true);

    expect(mine().find(({ type }) => type === 'run_ended')).toMatchObject({ runId: id, step: ALL_STEPS.length });
    const later = await openSocket(producer.url);
    later.send({ t: 'subscribe', id: 'all', topic: 'runs' });
    await expect.poll(() => later.of('all').length, PATIENCE).toBeGreaterThan(0);
    const [snapshot] = later.of('all');
    const items = snapshot?.t === 'snapshot' ? snapshot.data.items : [];
    expect(items[0]).toMatchObject({ id, status: 'succeeded', workflow: { name: 'chain', version: 1 } });
    expect(items.length).toBeLessThanOrEqual(50);
    await Promise.all([log.close(), later.close()]);
  });

  test('lanes and workers begin with a snapshot, and are looked at once for all clients', async () => {
    let looks = 0;
    const { queries } = api.options;
    const counting: ProducerOptions['queries'] = {
      ...queries,
      broker: { ...queries.broker, depths: (lists) => ((looks += 1), queries.broker.depths(lists)) },
    };
    const server = await another({ queries: counting, socketLimits: { pollMs: 60_000 } });
    const logs = await Promise.all(Array.from({ length: 5 }, () => openSocket(server.url)));
    for (const log of logs) {
      log.send({ t: 'subscribe', id: 'l', topic: 'lanes' });
      log.send({ t: 'subscribe', id: 'w', topic: 'workers' });
    }
    const complete = () => logs.every((log) => log.of('l').length > 0 && log.of('w').length > 0);
    await expect.poll(complete, PATIENCE).toBe(true);

    expect(logs[4]?.of('l')[0]).toMatchObject({ t: 'snapshot', data: { items: [{ name: 'default', depth: 0 }] } });
    expect(logs[4]?.of('w')[0]).toMatchObject({ t: 'snapshot', data: { items: [{ name: 'rig', status: 'active' }] } });
    expect(looks).toBe(1);
    await Promise.all(logs.map((log) => log.close()));
  });
});

describe('a client that never reads', () => {
  test('F38: costs a bounded buffer, holds nobody up, and gets every step once it reads', async () => {
    const server = await another({ socketLimits: { pauseBytes: 16 * 1024 } });
    const size = 100_000;
    const nodes = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `n${i}`,
        { type: 'task', uses: 'echo', with: '${input}', output: 's', ...(i > 0 && { needs: [`n${i - 1}`] }) },
      ]),
    );
    const run = await api.post('/v1/runs?wait=30s', {
      workflow: { name: 'large', state: { s: { type: 'any' } }, nodes },
      input: 'x'.repeat(size),
    });
    const { id } = run.json();
    const log = await openSocket(server.url);
    log.socket.pause();
    log.send({ t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['updates'] });
    const other = await openSocket(server.url);
    other.send({ t: 'subscribe', id: 'r', topic: `run:${id}`, modes: ['updates'] });
    await expect.poll(() => other.of('r').at(-1)?.t, PATIENCE).toBe('end');
    expect(log.frames).toEqual([]);

    log.socket.resume();
    await expect.poll(() => log.of('r').at(-1)?.t, PATIENCE).toBe('end');
    expect(log.steps('r')).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
    await Promise.all([log.close(), other.close()]);
  });

  test('is dropped when it is silent for too long', async () => {
    const server = await another({ socketLimits: { heartbeatMs: 50, silentMs: 200 } });
    const [log, healthy] = [await openSocket(server.url), await openSocket(server.url)];
    log.socket.pause();
    await new Promise<void>((resolve) => {
      let beats = 0;
      healthy.socket.on('ping', () => (beats += 1) === 10 && resolve());
    });
    log.socket.resume();
    expect(await log.closed).toBe(4408);
    expect(healthy.socket.readyState).toBe(healthy.socket.OPEN);
    await healthy.close();
  });
});

describe('frames that mean nothing', () => {
  test.each([
    ['no json', 'unparsable'],
    [Buffer.from([1, 2]), 'unparsable'],
    [[], 'invalid_request'],
    [{ t: 'shout' }, 'invalid_request'],
    [{ t: 'subscribe', id: 'x' }, 'invalid_request'],
    [{ t: 'subscribe', id: 'x', topic: 'everything' }, 'invalid_request'],
    [{ t: 'subscribe', id: 'x', topic: 'runs', after: 3 }, 'invalid_request'],
    [{ t: 'subscribe', id: 'x', topic: 'run:1' }, 'not_found'],
    [{ t: 'subscribe', id: 'x', topic: 'run:01900000-0000-7000-8000-000000000001' }, 'not_found'],
    [{ t: 'subscribe', id: 'x', topic: 'run:x', modes: ['messages'] }, 'not_found'],
    [{ t: 'unsubscribe', id: 'x' }, 'not_found'],
    [{ t: 'ping', id: 'x', extra: 1 }, 'invalid_request'],
  ])('are answered and change nothing (case %#)', async (frame, code) => {
    const log = await openSocket(producer.url);
    if (Buffer.isBuffer(frame)) log.socket.send(frame);
    else log.send(frame);
    log.send({ t: 'ping', id: 'alive' });
    await expect.poll(() => log.frames.length, PATIENCE).toBe(2);

    expect(log.frames).toContainEqual(expect.objectContaining({ t: 'error', code }));
    expect(log.frames).toContainEqual({ t: 'pong', id: 'alive' });
    await log.close();
  });

  test('too many of them, too many at once, and a huge one close the connection', async () => {
    const [bad, fast, huge] = await Promise.all([1, 2, 3].map(() => openSocket(producer.url)));
    for (let n = 0; n < 11; n += 1) bad?.send('nonsense');
    for (let n = 0; n < 400; n += 1) fast?.send({ t: 'ping' });
    huge?.send({ t: 'ping', id: 'x'.repeat(70_000) });

    expect([await bad?.closed, await fast?.closed, await huge?.closed]).toEqual([4400, 4429, 1009]);
  });
});

describe('who may connect', () => {
  const token = 'a token/of+strange=letters'.replaceAll(' ', '-');
  const asProtocol = (text: string) => ['weft.v1', `weft.token.${Buffer.from(text).toString('base64url')}`];

  test('bearers of the token, in the header or as a subprotocol', async () => {
    const server = await another({ token });
    const byHeader = await openSocket(server.url, { headers: { authorization: `Bearer ${token}` } });
    const byProtocol = await openSocket(server.url, { protocols: asProtocol(token) });

    expect([byHeader.socket.protocol, byProtocol.socket.protocol]).toEqual(['weft.v1', 'weft.v1']);
    expect(await refusal(server.url, {})).toEqual({ status: 401, code: 'unauthorized' });
    expect(await refusal(server.url, { protocols: asProtocol(`${token}x`) })).toMatchObject({ status: 401 });
    await Promise.all([byHeader.close(), byProtocol.close()]);
  });

  test('no foreign pages, and nobody who speaks another protocol', async () => {
    expect(await refusal(producer.url, { origin: 'http://evil.example' })).toEqual({ status: 403, code: 'forbidden' });
    expect(await refusal(producer.url, { headers: { host: 'evil.example' } })).toMatchObject({ status: 403 });
    expect(await refusal(producer.url, { protocols: [] })).toEqual({ status: 422, code: 'invalid_request' });
    expect(await refusal(producer.url, { protocols: ['weft.v2'] })).toMatchObject({ status: 422 });
    expect((await api.get('/v1/ws')).json()).toMatchObject({ status: 426, code: 'upgrade_required' });
    const log = await openSocket(producer.url, { origin: producer.url });
    await log.close();
  });

  test('not more than the process bears', async () => {
    const server = await another({ socketLimits: { clients: 1, runSubscriptions: 1 } });
    const id = await startChain();
    const log = await openSocket(server.url);
    for (const n of [1, 2]) log.send({ t: 'subscribe', id: n, topic: `run:${id}` });
    await expect.poll(() => log.of(2)[0], PATIENCE).toMatchObject({ t: 'error', code: 'too_many_requests' });
    expect(await refusal(server.url, {})).toEqual({ status: 429, code: 'too_many_requests' });

    await log.close();
    await (await openSocket(server.url)).close();
    gate.resolve();
  });
});

describe('closing the server', () => {
  test('tells the clients, and does not wait for those that do not answer', async () => {
    const server = await another();
    const [log, silent] = [await openSocket(server.url), await openSocket(server.url)];
    log.send({ t: 'subscribe', id: 'w', topic: 'workers' });
    silent.socket.pause();
    await server.close();

    expect(await log.closed).toBe(1001);
    silent.socket.terminate();
  });
});
