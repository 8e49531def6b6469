import type { LaneList, Reasons, TenantLimits } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };

let api: ApiRig;
const open: (() => void)[] = [];

beforeAll(async () => {
  const hold = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open.push(resolve);
    await promise;
    return { kind: 'succeeded', output: null } as const;
  };
  api = await createApiRig({ hold });
});

afterAll(() => api.stop());

const put = (url: string, payload: object) => api.send({ method: 'PUT', url, payload });

async function startTask(body: object): Promise<string> {
  const answer = await api.post('/v1/tasks', body);
  return answer.json<{ id: string }>().id;
}

async function why(id: string): Promise<Reasons['reasons']> {
  return (await api.get(`/v1/tasks/${id}/why`)).json<Reasons>().reasons;
}

const codes = async (id: string) => (await why(id)).map(({ code }) => code);

/** Lets all that is held go, and what comes after it. */
async function letAllGo(): Promise<void> {
  await put('/v1/tenants/default', {});
  await vi.waitUntil(async () => {
    for (const end of open.splice(0)) end();
    const { items } = (await api.get('/v1/lanes')).json<LaneList>();
    return (
      open.length === 0 && items.every(({ name, offered, waiting }) => name !== 'default' || offered + waiting === 0)
    );
  }, PATIENCE);
}

describe('limits', () => {
  test('a tenant of which nothing is set has no limit, and a weight of 1', async () => {
    expect((await api.get('/v1/tenants/nobody')).json()).toEqual({
      name: 'nobody',
      weight: 1,
      maxConcurrent: null,
      rate: null,
      running: 0,
      waiting: 0,
    });
  });

  test('what is set is shown, and replaced as a whole', async () => {
    const rate = { count: 5, perMs: 1000 };
    const first = await put('/v1/tenants/acme', { weight: 3, maxConcurrent: 7, rate });
    expect(first.json()).toMatchObject({ weight: 3, maxConcurrent: 7, rate: { ...rate, burst: 1 } });
    await put('/v1/tenants/acme', { weight: 2 });
    const { items } = (await api.get('/v1/tenants')).json<{ items: TenantLimits[] }>();

    expect(items.map(({ name, weight, maxConcurrent, rate: of }) => [name, weight, maxConcurrent, of])).toEqual([
      ['acme', 2, null, null],
      ['default', 1, null, null],
    ]);
  });

  test.each([
    [{ weight: 0 }, '/weight'],
    [{ maxConcurrent: -1 }, '/maxConcurrent'],
    [{ maxConcurent: 5 }, '/maxConcurent'],
    [{ rate: { count: 1 } }, '/rate/perMs'],
    [{ rate: { count: 0, perMs: 1 } }, '/rate/count'],
  ])('%j is refused with its place', async (body, pointer) => {
    const answer = await put('/v1/tenants/acme', body);
    expect([answer.statusCode, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([
      422,
      pointer,
    ]);
  });

  test('limits of keys are set, shown and removed', async () => {
    await put('/v1/limits', { key: 'account:*', maxConcurrent: 2 });
    const set = await put('/v1/limits', { key: 'account:7', rate: { count: 1, perMs: 60_000, burst: 2 } });
    expect(set.json()).toMatchObject({ items: [{ key: 'account:*', maxConcurrent: 2 }, { key: 'account:7' }] });
    await api.send({ method: 'DELETE', url: '/v1/limits?key=account:7' });
    const gone = await api.send({ method: 'DELETE', url: `/v1/limits?key=${encodeURIComponent('account:*')}` });

    expect(gone.json()).toEqual({ items: [] });
    expect((await api.send({ method: 'DELETE', url: '/v1/limits?key=x' })).statusCode).toBe(404);
  });
});

describe('why a task does not run', () => {
  test('its tenant has as many under way as it may, since when, and who is before it', async () => {
    await put('/v1/tenants/default', { maxConcurrent: 2 });
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) ids.push(await startTask({ uses: 'hold' }));
    await vi.waitUntil(() => open.length === 2, PATIENCE);
    const [limit, place] = await why(ids[3] ?? '');

    expect(limit).toMatchObject({ code: 'tenant_limit', details: { now: 2, limit: 2, since: expect.any(String) } });
    expect(place).toMatchObject({ code: 'not_offered', details: { ahead: 1 } });
    const tenant = (await api.get('/v1/tenants/default')).json<TenantLimits>();
    expect(tenant).toMatchObject({ running: 2, waiting: 2 });
    await letAllGo();
  });

  test('its key has as many under way as it may, or may not begin so soon', async () => {
    await put('/v1/limits', { key: 'full', maxConcurrent: 1 });
    await put('/v1/limits', { key: 'slow', rate: { count: 1, perMs: 3_600_000 } });
    const start = async (key: string) => {
      const document = { name: `keyed-${key}`, nodes: { work: { type: 'task', uses: 'hold', concurrencyKey: key } } };
      const { id } = (await api.post('/v1/runs', { workflow: document })).json<{ id: string }>();
      const tasks = (await api.get(`/v1/runs/${id}/tasks`)).json<{ items: { id: string }[] }>();
      return tasks.items[0]?.id ?? '';
    };
    const [, full, , slow] = [await start('full'), await start('full'), await start('slow'), await start('slow')];
    await vi.waitUntil(() => open.length === 2, PATIENCE);

    expect(await codes(full ?? '')).toEqual(['key_limit', 'not_offered']);
    expect((await why(full ?? ''))[0]?.details).toMatchObject({ key: 'full', now: 1, limit: 1 });
    expect(await codes(slow ?? '')).toContain('not_offered');
    await api.send({ method: 'DELETE', url: '/v1/limits?key=full' });
    await api.send({ method: 'DELETE', url: '/v1/limits?key=slow' });
    await letAllGo();
  });

  test('its lane is paused, and it runs once that is resumed', async () => {
    const paused = (await api.post('/v1/lanes/default/pause')).json<LaneList>();
    expect(paused.items.find(({ name }) => name === 'default')?.pausedAt).toEqual(expect.any(String));
    const id = await startTask({ uses: 'hold' });

    expect(await codes(id)).toEqual(['lane_paused', 'not_offered']);
    const { items } = (await api.get('/v1/lanes')).json<LaneList>();
    expect(items.find(({ name }) => name === 'default')).toMatchObject({
      workers: 1,
      waiting: 1,
      depths: { normal: 1 },
      tenants: [{ tenant: 'default', offered: 0, waiting: 1 }],
    });
    await api.post('/v1/lanes/default/resume');
    await vi.waitUntil(() => open.length === 1, PATIENCE);
    await letAllGo();
  });

  test('no worker offers its handler', async () => {
    const [first] = await why(await startTask({ uses: 'handler:absent' }));
    expect(first).toMatchObject({
      code: 'no_worker',
      message: 'no live worker offers the handler absent (the lane handler:absent)',
    });
  });
});
