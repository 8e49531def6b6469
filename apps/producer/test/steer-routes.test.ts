import { AppError } from '@weft/contract';
import type { Json } from '@weft/contract';
import { compileGraph, freshHead } from '@weft/engine/domain';
import type { RunRecord } from '@weft/engine/ports';
import type { Engine, QueryDeps } from '@weft/engine/runtime';
import { beforeEach, describe, expect, test } from 'vitest';

import { bareApp } from './bare-app.ts';

const RUN = '0198a000-0000-7000-8000-000000000001';
const QUESTION = '0198a000-0000-7000-8000-000000000002';
const workflow = { tenant: 'default', name: 'x', version: 1 };
const graph = compileGraph(workflow, { name: 'x', nodes: { a: { type: 'task', uses: 'echo' } } });
const record: RunRecord = {
  head: freshHead({ id: RUN, workflow, status: 'running', priority: 2, step: 3 }),
  config: {},
  input: {},
  output: null,
  error: null,
  tags: [],
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
  usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
  budget: null,
  forkedFrom: null,
  trigger: null,
};

/** What the engine was asked for. */
let asked: object[] = [];
beforeEach(() => {
  asked = [];
});

const engine = {
  resumeRun: async (request) => void asked.push(request),
  signalRun: async (request) => void asked.push(request),
  injectState: async (request) => {
    asked.push(request);
    if (request.updates['total'] === 'bad') throw new AppError('invalid_input', 'no', { errors: [BAD] });
    return request.afterNode === null ? { applied: true, step: 4 } : { applied: false, pending: true };
  },
} as Partial<Engine> as Engine;
const BAD = { code: 'bad_update', pointer: '/updates/total', message: 'no' };
const queries = { reader: { run: async () => record }, loadGraph: async () => graph } as unknown as QueryDeps;
const app = bareApp({ engine, queries });

function post(path: string, body?: Json, headers: Record<string, string> = {}) {
  const sent = body === undefined ? {} : { payload: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return app.inject({ method: 'POST', url: `/v1/runs/${RUN}${path}`, headers: { ...type, ...headers }, ...sent });
}

describe('POST /v1/runs/{id}/resume', () => {
  test.each<[Json]>([[false], [0], [''], [null], [{ ok: true }]])('takes the answer %j as it is', async (value) => {
    const answer = await post('/resume', { answers: { [QUESTION]: value } }, { 'x-weft-user': 'ada' });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ id: RUN, status: 'running' });
    expect(asked).toEqual([
      {
        tenant: 'default',
        runId: RUN,
        answers: { [QUESTION]: value },
        stateUpdates: null,
        by: 'ada',
        idempotency: null,
      },
    ]);
  });

  test('takes no body, and a key', async () => {
    expect((await post('/resume')).statusCode).toBe(200);
    expect((await post('/resume', {}, { 'idempotency-key': 'k' })).statusCode).toBe(200);

    const nothing = { answers: null, stateUpdates: null, by: null };
    expect(asked).toMatchObject([
      { ...nothing, idempotency: null },
      { ...nothing, idempotency: { key: 'k' } },
    ]);
  });

  test('refuses what it does not know', async () => {
    expect((await post('/resume', { answer: 1 })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '/answer' }],
    });
    expect((await post('/resume', {}, { 'x-weft-user': 'a'.repeat(201) })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '/headers/x-weft-user' }],
    });
    expect((await app.inject({ method: 'POST', url: '/v1/runs/7/resume' })).statusCode).toBe(404);
    expect(asked).toEqual([]);
  });
});

describe('POST /v1/runs/{id}/state', () => {
  test('tells the step, or that it waits for its node', async () => {
    const [now, later] = [
      await post('/state', { updates: { total: 0 } }),
      await post('/state', { updates: { total: 0 }, afterNode: 'a' }),
    ];

    expect([now.statusCode, now.json()]).toEqual([200, { applied: true, step: 4 }]);
    expect([later.statusCode, later.json()]).toEqual([200, { applied: false, pending: true }]);
  });

  test('refuses an update of nothing, and tells the place of one that does not fit', async () => {
    expect((await post('/state', { updates: {} })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '/updates' }],
    });
    expect((await post('/state')).statusCode).toBe(422);
    expect((await post('/state', { updates: { total: 'bad' } })).json()).toMatchObject({
      status: 422,
      code: 'invalid_input',
      errors: [{ code: 'bad_update', pointer: '/updates/total', line: 1 }],
    });
  });
});

describe('POST /v1/runs/{id}/signals/{name}', () => {
  test.each<[Json | undefined, Json]>([
    [false, false],
    [0, 0],
    ['', ''],
    [null, null],
    [[1], [1]],
    [undefined, null],
  ])('takes %j as the payload', async (body, payload) => {
    const answer = await post('/signals/paid%20in%20full', body);

    expect([answer.statusCode, answer.json()]).toEqual([202, { runId: RUN, signal: 'paid in full' }]);
    expect(asked).toMatchObject([{ tenant: 'default', runId: RUN, name: 'paid in full', payload }]);
  });

  test('refuses a name that no node can have', async () => {
    expect((await post(`/signals/${'a'.repeat(201)}`, 1)).statusCode).toBe(422);
    expect(asked).toEqual([]);
  });
});
