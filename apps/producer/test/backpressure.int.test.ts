import type { GaugeReading, ProcessGauge } from '@weft/engine/ports';
import { StoreError } from '@weft/engine/ports';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { buildApp } from '../src/index.ts';
import type { AppOptions } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const MIB = 1024 * 1024;
const SOON = { timeout: 15_000, interval: 50 };

const CALM: GaugeReading = {
  rssBytes: 100 * MIB,
  heapBytes: 50 * MIB,
  treeBytes: 100 * MIB,
  bounds: [{ usedBytes: 100 * MIB, limitBytes: 1000 * MIB }],
  lagMs: 1,
};

/** A gauge that shows what it is told to. */
function gaugeOf(reading: { now: GaugeReading }): ProcessGauge {
  return { read: async () => reading.now, rssBytes: () => reading.now.rssBytes, relieve: async () => 0, close() {} };
}

const document = { name: 'slow', nodes: { a: { type: 'task', uses: 'held' } } };

describe('a producer', () => {
  let api: ApiRig;
  let release = () => {};
  const reading = { now: CALM };

  beforeEach(async () => {
    const gate = Promise.withResolvers<void>();
    release = () => gate.resolve();
    reading.now = CALM;
    api = await createApiRig({
      held: async ({ signal }) => {
        await Promise.race([gate.promise, new Promise((go) => signal.addEventListener('abort', go))]);
        return { kind: 'succeeded', output: null };
      },
    });
  });

  afterEach(async () => {
    release();
    await api.stop();
  });

  async function appWith(bounds: { maxDepth?: number; maxWaitMs?: number }, more: Partial<AppOptions> = {}) {
    const { maxDepth = null, maxWaitMs = null } = bounds;
    const app = buildApp({
      ...api.options,
      backpressure: { maxDepth, maxWaitMs, gauge: gaugeOf(reading) },
      ...more,
    });
    await app.ready();
    return app;
  }

  test('refuses new runs with 429 and when to come back where too much waits, and takes them again when it has drained', async () => {
    const app = await appWith({ maxDepth: 20 });
    const start = (headers = {}) =>
      app.inject({ method: 'POST', url: '/v1/runs', headers, payload: { workflow: document } });
    // Fifty are in the slots of the worker; what comes after them waits.
    const first = await start({ 'idempotency-key': 'first' });
    for (let i = 0; i < 80; i++) await start();
    await expect.poll(async () => (await start()).statusCode, SOON).toBe(429);

    const refused = await start();
    expect(refused.json()).toMatchObject({
      code: 'lane_full',
      detail: expect.stringContaining('wait on the lane default'),
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    for (const way of ['fork', 'rerun']) {
      const url = `/v1/runs/${first.json().id}/${way}`;
      const branched = await app.inject({ method: 'POST', url, payload: way === 'fork' ? { step: 1 } : {} });
      expect(branched.json()).toMatchObject({ status: 429, code: 'lane_full' });
    }
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(120);
    const task = await app.inject({ method: 'POST', url: '/v1/tasks', payload: { uses: 'echo' } });
    expect(task.statusCode).toBe(429);
    const batch = { runs: [{ workflow: document }, { workflow: document }] };
    const many = await app.inject({ method: 'POST', url: '/v1/runs/batch', payload: batch });
    expect([many.statusCode, many.headers['retry-after'] !== undefined]).toEqual([429, true]);
    // What was accepted once is told again, and what ends or reads is never refused.
    const again = await start({ 'idempotency-key': 'first' });
    expect([again.statusCode, again.json().id]).toEqual([200, first.json().id]);
    const { id } = first.json();
    expect((await app.inject({ method: 'GET', url: `/v1/runs/${id}` })).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: `/v1/runs/${id}/cancel` })).statusCode).toBe(200);
    expect((await app.inject({ method: 'POST', url: '/v1/workflows', payload: document })).statusCode).toBe(200);

    release();
    await expect.poll(async () => (await start()).statusCode, SOON).toBe(201);
    await app.close();
  });

  test('under pressure itself refuses what brings new work with 503, and nothing else', async () => {
    const app = await appWith({});
    reading.now = { ...CALM, bounds: [{ usedBytes: 900 * MIB, limitBytes: 1000 * MIB }] };
    const start = () => app.inject({ method: 'POST', url: '/v1/runs', payload: { workflow: document } });
    const before = await start();
    await expect.poll(async () => (await start()).statusCode, SOON).toBe(503);

    const refused = await start();
    expect(refused.json()).toMatchObject({ code: 'overloaded' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const { id } = before.json();
    const statuses = [
      await app.inject({ method: 'GET', url: '/healthz' }),
      await app.inject({ method: 'GET', url: '/v1/runs' }),
      await app.inject({ method: 'POST', url: `/v1/runs/${id}/signals/go`, payload: {} }),
      await app.inject({ method: 'POST', url: `/v1/runs/${id}/cancel` }),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([200, 200, 202, 200]);
    await app.close();
  });

  test('without its store refuses at once, until the store answers again', async () => {
    let isAway = true;
    const gone = () =>
      Promise.reject(new StoreError('gone', { transient: true, outcomeUnknown: false, cause: undefined }));
    const { queries } = api.options;
    const dispatch = { ...queries.dispatch, backlog: () => (isAway ? gone() : queries.dispatch.backlog()) };
    const app = await appWith({}, { queries: { ...queries, dispatch } });
    const start = () => app.inject({ method: 'POST', url: '/v1/runs', payload: { workflow: document } });
    await expect.poll(async () => (await start()).json().code, SOON).toBe('unavailable');
    expect(Number((await start()).headers['retry-after'])).toBeGreaterThanOrEqual(1);

    isAway = false;
    await expect.poll(async () => (await start()).statusCode, SOON).toBe(201);
    await app.close();
  });
});
