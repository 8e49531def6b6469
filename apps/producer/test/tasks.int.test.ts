import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await createApiRig({
    flaky: async () => ({
      kind: 'failed',
      error: { code: 'busy', message: 'try later', retryable: true },
      retryAfterMs: 3_600_000,
    }),
  });
});

afterAll(() => api.stop());

async function settled(id: string) {
  const read = async () => (await api.get(`/v1/tasks/${id}`)).json();
  await expect.poll(async () => (await read()).endedAt, { timeout: 20_000 }).toBeTruthy();
  return read();
}

describe('single tasks', () => {
  test('a task is accepted, runs, and can be read by its id', async () => {
    const answer = await api.post('/v1/tasks', { uses: 'echo', with: { n: 1 }, priority: 3 });
    expect(answer.statusCode).toBe(202);
    const { id, runId } = answer.json();
    expect(answer.json()).toEqual({ id, runId, status: expect.any(String) });
    expect(await settled(id)).toMatchObject({ id, runId, status: 'succeeded', output: { n: 1 }, priority: 'high' });
    expect((await api.get(`/v1/runs/${runId}`)).json()).toMatchObject({ status: 'succeeded', output: { n: 1 } });
  });

  test('tasks of a kind share one version', async () => {
    const versions: unknown[] = [];
    for (const n of [1, 2, 3]) {
      const { runId } = (await api.post('/v1/tasks', { uses: 'echo', with: { shared: n } })).json();
      versions.push((await api.get(`/v1/runs/${runId}`)).json().workflow);
    }
    expect(new Set(versions.map((version) => JSON.stringify(version))).size).toBe(1);
  });

  test('templates are rendered over the input', async () => {
    const body = { uses: 'echo', with: { text: 'hello {{ input.who }}' }, input: { who: 'you' } };
    const { id } = (await api.post('/v1/tasks', body)).json();
    expect((await settled(id)).output).toEqual({ text: 'hello you' });
  });

  test('the same key gives the same task', async () => {
    const key = { 'idempotency-key': 'task-1' };
    const first = (await api.post('/v1/tasks', { uses: 'echo', with: 1 }, key)).json();
    const second = (await api.post('/v1/tasks', { uses: 'echo', with: 1 }, key)).json();
    const other = await api.post('/v1/tasks', { uses: 'echo', with: 2 }, key);
    expect([second.id, second.runId]).toEqual([first.id, first.runId]);
    expect(other.statusCode).toBe(409);
  });

  test('an executor that does not exist is refused at the key of the request', async () => {
    const answer = await api.post('/v1/tasks', { uses: 'ecco', with: '{{ broken' });
    expect(answer.statusCode).toBe(422);
    const errors: { code: string; pointer: string }[] = answer.json().errors;
    expect(errors.map(({ code, pointer }) => `${code} ${pointer}`).toSorted()).toEqual([
      'bad_template /with',
      'unknown_executor /uses',
    ]);
    expect((await api.post('/v1/tasks', { payload: 1 })).json().errors).toMatchObject([{ pointer: '/uses' }]);
  });
});

describe('why a task is where it is', () => {
  test('says that no worker serves the lane', async () => {
    const { id } = (await api.post('/v1/tasks', { agentType: 'NOBODY', payload: {} })).json();
    const why = await api.get(`/v1/tasks/${id}/why`);
    expect(why.statusCode).toBe(200);
    expect(why.json().reasons).toMatchObject([
      { code: 'no_worker', details: { lane: 'handler:NOBODY' } },
      { code: 'on_lane', details: { lane: 'handler:NOBODY', depth: 1 } },
    ]);
  });

  test('says until when it waits for its next attempt', async () => {
    const document = {
      name: 'flaky',
      nodes: { a: { type: 'task', uses: 'flaky', retry: { maxAttempts: 2, maxMs: 7_200_000 } } },
    };
    const run = (await api.post('/v1/runs', { workflow: document })).json();
    const task = async () => (await api.get(`/v1/runs/${run.id}/tasks`)).json().items[0];
    await expect.poll(async () => (await task()).status, { timeout: 20_000 }).toBe('waiting');
    const { id } = await task();
    const [reason] = (await api.get(`/v1/tasks/${id}/why`)).json().reasons;
    expect(reason.code).toBe('retry_wait');
    const waitsMs = Date.parse(reason.details.until) - Date.parse(run.createdAt);
    expect(waitsMs).toBeGreaterThan(3_500_000);
    expect(waitsMs).toBeLessThan(3_700_000);

    await api.post(`/v1/runs/${run.id}/cancel`);
    expect((await task()).status).toBe('cancelled');
    const [ended] = (await api.get(`/v1/tasks/${id}/why`)).json().reasons;
    expect(['run_ended', 'task_settled']).toContain(ended.code);
  });

  test('says how it ended', async () => {
    const { id } = (await api.post('/v1/tasks', { uses: 'echo', with: 1 })).json();
    await settled(id);
    expect((await api.get(`/v1/tasks/${id}/why`)).json().reasons).toMatchObject([
      { code: 'task_settled', details: { status: 'succeeded' } },
    ]);
  });
});

describe('the operation of the service', () => {
  test('workers are listed', async () => {
    const { items, nextCursor } = (await api.get('/v1/workers')).json();
    expect(items).toMatchObject([{ name: 'rig', status: 'active', lanes: ['default'], slots: 50 }]);
    expect(nextCursor).toBeNull();
  });

  test('health, readiness and metrics are told', async () => {
    expect((await api.get('/healthz')).json()).toEqual({ status: 'ok', version: 'test' });
    expect((await api.get('/readyz')).json()).toEqual({ status: 'ok', version: 'test' });
    const metrics = await api.get('/metrics');
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.body).toMatch(/^weft_lane_depth\{lane="default"\} \d+$/m);
    expect(metrics.body).toMatch(/^weft_workers 1$/m);
    expect(metrics.body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });
});
