import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await createApiRig();
  for (const name of ['flow', 'other']) await api.post('/v1/workflows', flow(name));
}, 60_000);

afterAll(() => api.stop(), 60_000);

const flow = (name: string) => ({ name, nodes: { a: { type: 'task', uses: 'echo', with: { text: 'hello' } } } });

async function run(workflow = 'flow', headers = {}): Promise<string> {
  const answer = await api.post('/v1/runs?wait=20s', { workflow, input: {} }, headers);
  expect(answer.json()).toMatchObject({ status: 'succeeded' });
  return answer.json<{ id: string }>().id;
}

const put = (payload: object) => api.send({ method: 'PUT', url: '/v1/retention', payload });
const remove = (url: string) => api.send({ method: 'DELETE', url });

describe('policies over HTTP', () => {
  test('there is none at first, so that nothing is deleted', async () => {
    expect((await api.get('/v1/retention')).json()).toEqual({ items: [], fallback: null });
  });

  test('a policy is set, replaced, listed and removed', async () => {
    const first = await put({ maxAgeMs: 1000 });
    expect([first.statusCode, first.json()]).toEqual([
      200,
      { workflow: null, maxAgeMs: 1000, maxCount: null, failedMaxAgeMs: null, archive: false },
    ]);
    await put({ workflow: 'flow', maxCount: 5 });
    await put({ workflow: 'flow', maxCount: 7, archive: true });
    const { items } = (await api.get('/v1/retention')).json<{ items: object[] }>();
    expect(items).toEqual([
      first.json(),
      { workflow: 'flow', maxAgeMs: null, maxCount: 7, failedMaxAgeMs: null, archive: true },
    ]);

    expect((await remove('/v1/retention?workflow=flow')).json()).toEqual({ items: [first.json()], fallback: null });
    expect((await remove('/v1/retention')).json()).toEqual({ items: [], fallback: null });
    expect((await remove('/v1/retention')).json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('what cannot be a policy is refused with its place', async () => {
    expect((await put({ workflow: 'nobody' })).json()).toMatchObject({ code: 'not_found' });
    expect((await put({ maxAgeMs: -1 })).json()).toMatchObject({ status: 422, errors: [{ pointer: '/maxAgeMs' }] });
    expect((await put({ maxDays: 1 })).json()).toMatchObject({ status: 422, errors: [{ code: 'unknown_key' }] });
  });
});

describe('deleting over HTTP', () => {
  test('a dry prune only counts, and the next one deletes as much', async () => {
    const [one, two, other] = [await run(), await run(), await run('other')];
    const request = { workflow: 'flow', keep: 1 };
    const dry = await api.post('/v1/prune', { ...request, dryRun: true });
    expect(dry.json()).toMatchObject({ runs: 1, archived: 0, isDone: true });
    expect((await api.get(`/v1/runs/${one}`)).statusCode).toBe(200);

    expect((await api.post('/v1/prune', request)).json()).toEqual(dry.json());
    expect((await api.get(`/v1/runs/${one}`)).json()).toMatchObject({
      code: 'not_found',
      detail: 'there is no such run; if there was one, it has been deleted',
    });
    for (const path of ['tasks', 'steps', 'events', 'checkpoints', 'graph'])
      expect((await api.get(`/v1/runs/${one}/${path}`)).statusCode).toBe(404);
    for (const id of [two, other]) expect((await api.get(`/v1/runs/${id}`)).statusCode).toBe(200);
  });

  test('without limits the policies decide', async () => {
    const ids = [await run('other'), await run('other')];
    expect((await put({ workflow: 'other', maxCount: 0 })).statusCode).toBe(422);
    await put({ workflow: 'other', maxCount: 1 });
    await api.post('/v1/prune', { statuses: ['failed'] });
    expect((await api.get(`/v1/runs/${ids[0]}`)).statusCode).toBe(200);

    await api.post('/v1/prune', {});
    expect((await api.get(`/v1/runs/${ids[0]}`)).statusCode).toBe(404);
    expect((await api.get(`/v1/runs/${ids[1]}`)).statusCode).toBe(200);
    await remove('/v1/retention?workflow=other');
  });

  test('an archive that no server has is refused', async () => {
    expect((await api.post('/v1/prune', { keep: 0, archive: true })).json()).toMatchObject({
      status: 409,
      detail: expect.stringContaining('WEFT_ARCHIVE_DIR'),
    });
  });

  test('a run is deleted by itself once it has ended', async () => {
    const waits = { name: 'waits', nodes: { ask: { type: 'interrupt', message: 'Go on?' } } };
    const { id } = (await api.post('/v1/runs', { workflow: waits, input: {} })).json<{ id: string }>();
    expect((await remove(`/v1/runs/${id}`)).json()).toMatchObject({ status: 409, code: 'conflict' });
    const ended = await run();
    const deleted = await remove(`/v1/runs/${ended}`);
    expect([deleted.statusCode, deleted.json()]).toMatchObject([200, { runs: 1 }]);
    expect((await remove(`/v1/runs/${ended}`)).statusCode).toBe(404);
    expect((await remove('/v1/runs/nonsense')).statusCode).toBe(404);
  });

  test('the key of a deleted run starts nothing anew', async () => {
    const key = { 'idempotency-key': 'once' };
    const id = await run('flow', key);
    await remove(`/v1/runs/${id}`);

    const again = await api.post('/v1/runs?wait=20s', { workflow: 'flow', input: {} }, key);
    expect(again.json()).toMatchObject({ status: 404, detail: expect.stringContaining(id) });
    const batch = await api.post('/v1/runs/batch', {
      runs: [
        { workflow: 'flow', input: {}, idempotencyKey: 'once' },
        { workflow: 'flow', input: {} },
      ],
    });
    expect(batch.json()).toMatchObject({ items: [{ code: 'not_found' }, { status: expect.any(String) }] });
  });
});

describe('bytes', () => {
  test('are told of a run that is asked for them', async () => {
    const id = await run();
    expect((await api.get(`/v1/runs/${id}`)).json()).not.toHaveProperty('bytes');

    const { bytes } = (await api.get(`/v1/runs/${id}?include=bytes`)).json<{ bytes: number }>();
    expect(bytes).toBeGreaterThan(500);
    expect((await api.get(`/v1/runs/${id}?include=all`)).statusCode).toBe(422);
  });

  test('are told of all tables', async () => {
    const storage = (await api.get('/v1/storage')).json<{
      bytes: number;
      tables: { table: string; bytes: number }[];
    }>();

    expect(storage.bytes).toBe(storage.tables.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(storage.tables.map(({ table }) => table)).toEqual(expect.arrayContaining(['run', 'task', 'step']));
  });
});
