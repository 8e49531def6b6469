import type { Reasons } from '@weft/contract';
import { createMemoryEndpointMeter, systemClock } from '@weft/embedded';
import type { CallReport, EndpointMeter, MeteredEndpoint, Outcome } from '@weft/engine/ports';
import { meteredEndpoint } from '@weft/engine/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };

type Held = { at: string; end: (report?: Partial<CallReport>) => Promise<void> };

const rooms = { a: 1, b: 2 };
/** As an asynchronous protocol does: the answer is there at the second look. */
async function askLater(memo: unknown): Promise<Outcome> {
  if (memo !== null) {
    await meter.end(metered('a'), 'pending', { verdict: 'succeeded', latencyMs: 1, tokens: 0 });
    return { kind: 'succeeded', output: null };
  }
  const grant = await meter.begin(metered('a'), { callId: 'pending', tokens: 0, leaseMs: 60_000 });
  if (grant.kind === 'refused') throw new Error(grant.reason);
  return { kind: 'again', memo: 'asked', afterMs: 400, keepsPlace: true };
}

let api: ApiRig;
let meter: EndpointMeter;
let atWork: Held[] = [];
let refused = 0;
let calls = 0;

/** The endpoint that a call goes to, as the meter knows it. */
function metered(name: string): MeteredEndpoint {
  const endpoint = api.rig.engine.endpointBook.get('default', name);
  if (endpoint === null) throw new Error(`there is no endpoint ${name}`);
  return meteredEndpoint(endpoint);
}

beforeAll(async () => {
  meter = createMemoryEndpointMeter({ clock: systemClock });
  /** Takes a place at the first of the endpoints that its input names and that has one, and holds it until the test ends it. */
  const ask = async ({ input, memo }: { input: unknown; memo: unknown }): Promise<Outcome> => {
    const done = { kind: 'succeeded', output: null } as const;
    calls += 1;
    const call = { callId: `${calls}`, tokens: 0, leaseMs: 60_000 };
    if (String(input) === 'pending a') return askLater(memo);
    for (const name of String(input).split(',')) {
      const grant = await meter.begin(metered(name), call);
      if (grant.kind === 'refused') continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      const end: Held['end'] = async (more = {}) => {
        await meter.end(metered(name), call.callId, { verdict: 'succeeded', latencyMs: 1, tokens: 0, ...more });
        resolve();
      };
      atWork.push({ at: name, end });
      await promise;
      return done;
    }
    refused += 1;
    return done;
  };
  api = await createApiRig({ ask }, { meter });
});

afterAll(() => api.stop());

beforeEach(async () => {
  refused = 0;
  for (const [name, maxConcurrent] of Object.entries(rooms))
    await register(name, { maxConcurrent, tags: ['both', name] });
});

afterEach(async () => {
  await api.send({ method: 'POST', url: '/v1/endpoints/a/undrain' });
  await vi.waitUntil(async () => {
    const some = atWork;
    atWork = [];
    for (const { end } of some) await end();
    for (const name of ['a', 'b']) await meter.setCircuit(metered(name), 'closed');
    const { items } = (await api.get('/v1/lanes')).json<{ items: { offered: number; waiting: number }[] }>();
    return some.length === 0 && items.every(({ offered, waiting }) => offered + waiting === 0);
  }, PATIENCE);
});

async function register(name: string, more: object): Promise<void> {
  const payload = { protocol: 'webhook', url: 'http://127.0.0.1:9/hook', ...more };
  const answer = await api.send({ method: 'PUT', url: `/v1/endpoints/${name}`, payload });
  if (answer.statusCode === 404) await api.post('/v1/endpoints', { name, ...payload });
}

/** One task for each key; `to`: where its executor sends it. */
async function start(tasks: readonly { key: string; to: string }[]): Promise<string> {
  const nodes = Object.fromEntries(
    tasks.map(({ key, to }, n) => [`n${n}`, { type: 'task', uses: 'ask', with: to, concurrencyKey: key }]),
  );
  const answer = await api.post('/v1/runs', { workflow: { name: 'asks', nodes } });
  return answer.json<{ id: string }>().id;
}

const many = (count: number, key: string, to: string) => Array.from({ length: count }, () => ({ key, to }));

/** A task of the run that waits in the store. */
async function waitingOf(runId: string): Promise<string> {
  return vi.waitUntil(async () => {
    const { items } = (await api.get(`/v1/runs/${runId}/tasks`)).json<{ items: { id: string; status: string }[] }>();
    for (const { id, status } of items) {
      if (status === 'ready' && (await reasons(id)).at(-1)?.code === 'not_offered') return id;
    }
    return null;
  }, PATIENCE);
}

const reasons = async (taskId: string) => (await api.get(`/v1/tasks/${taskId}/why`)).json<Reasons>().reasons;

async function until(count: number): Promise<void> {
  await expect.poll(() => atWork.length, PATIENCE).toBe(count);
}

describe('tasks for endpoints', () => {
  test('A1: what is under way outside keeps its place while its task waits, and goes on before those that have none', async () => {
    const runId = await start(many(1, 'endpoint:a', 'pending a'));
    await expect.poll(async () => (await meter.look([metered('a')]))[0]?.running, PATIENCE).toBe(1);
    await start(many(3, 'endpoint:a', 'a'));
    await expect.poll(async () => api.rig.ended(runId).then(({ head }) => head.status), PATIENCE).toBe('succeeded');
    await until(1);

    expect(refused).toBe(0);
  });

  test('A1: no more of them are offered than the endpoint has places, and the next one goes on when one ends', async () => {
    const runId = await start(many(3, 'endpoint:a', 'a'));
    await until(1);
    const taskId = await waitingOf(runId);
    expect((await reasons(taskId)).map(({ code }) => code)).toContain('not_offered');
    await atWork.shift()?.end();
    await until(1);
    await atWork.shift()?.end();
    await until(1);

    expect(refused).toBe(0);
  });

  test('A1: keys that share endpoints share their places, and one that may go elsewhere stands in nobody else’s way', async () => {
    await start([
      ...many(2, 'endpoint:tags=both', 'b,a'),
      ...many(1, 'endpoint:a', 'a'),
      ...many(3, 'endpoint:tags=', 'b,a'),
    ]);
    await until(3);

    expect(atWork.map(({ at }) => at).toSorted()).toEqual(['a', 'b', 'b']);
    expect(refused).toBe(0);
  });

  test('A1: while a circuit is open its tasks wait in the store and others pass them; once it is closed they go on within a second', async () => {
    await meter.setCircuit(metered('a'), 'open');
    const runId = await start(many(1, 'endpoint:a', 'a'));
    await start(many(1, 'endpoint:b', 'b'));
    await until(1);
    expect(atWork[0]?.at).toBe('b');
    const taskId = await waitingOf(runId);
    expect(await reasons(taskId)).toMatchObject([
      { code: 'circuit_open', details: { endpoint: 'a' } },
      { code: 'not_offered' },
    ]);
    await meter.setCircuit(metered('a'), 'closed');
    const closedAt = performance.now();
    await until(2);

    expect(performance.now() - closedAt).toBeLessThan(3000);
    expect(refused).toBe(0);
  });

  test('A1: tasks wait for an endpoint that is not there yet, and go on once it is registered', async () => {
    const runId = await start(many(1, 'endpoint:late', 'late'));
    const taskId = await waitingOf(runId);
    expect(await reasons(taskId)).toMatchObject([{ code: 'no_endpoint' }, { code: 'not_offered' }]);
    await register('late', { limits: { requestsPerMinute: 60 } });
    await until(1);
  });

  test('A1: one that is drained gets none, and why says so', async () => {
    await api.send({ method: 'POST', url: '/v1/endpoints/a/drain' });
    const taskId = await waitingOf(await start(many(1, 'endpoint:a', 'a')));
    expect(await reasons(taskId)).toMatchObject([{ code: 'endpoint_draining', details: { endpoint: 'a' } }, {}]);
  });

  test('A1: what its provider asks for holds tasks back as well, until then', async () => {
    await start(many(1, 'endpoint:a', 'a'));
    await until(1);
    await atWork.shift()?.end({ retryAfterMs: 700 });
    const toldAt = performance.now();
    await start(many(1, 'endpoint:a', 'a'));
    await until(1);

    expect(performance.now() - toldAt).toBeGreaterThan(500);
    expect(refused).toBe(0);
  });
});
