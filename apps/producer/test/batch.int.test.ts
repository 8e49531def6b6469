import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await createApiRig();
});

afterAll(() => api.stop());

const echo = (name: string, value: unknown = '${input}') => ({
  name,
  nodes: { only: { type: 'task', uses: 'echo', with: value } },
});

async function batch(runs: unknown[], headers: Record<string, string> = {}) {
  const answer = await api.post('/v1/runs/batch', { runs }, headers);
  expect(answer.statusCode).toBe(201);
  return answer.json().items as Record<string, unknown>[];
}

describe('a batch', () => {
  test('starts its runs in order, each with its own input', async () => {
    const runs = Array.from({ length: 1000 }, (_, n) => ({ workflow: echo('many'), input: { n } }));
    const items = await batch(runs);

    expect(new Set(items.map(({ id }) => id)).size).toBe(1000);
    expect(items[0]).toEqual({ id: expect.any(String), status: 'running' });
    for (const n of [0, 499, 500, 999]) {
      const run = await api.rig.ended(String(items[n]?.['id']));
      expect(run).toMatchObject({ input: { n }, head: { status: 'succeeded' } });
    }
  });

  test('goes to the engine in one call, and saves equal documents once', async () => {
    const [start, save] = [vi.spyOn(api.rig.engine, 'startRuns'), vi.spyOn(api.rig.engine, 'saveWorkflow')];
    const document = echo('shared');
    const shuffled = { nodes: document.nodes, name: document.name };
    await batch([{ workflow: document }, { workflow: 'nothing' }, { workflow: shuffled }, { workflow: document }]);

    expect(start.mock.calls.map(([requests]) => requests.length)).toEqual([3]);
    expect(save).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  test('refuses each bad run alone, with pointers into the batch and places in its text', async () => {
    await api.post('/v1/workflows', { ...echo('strict'), input: { type: 'object', required: ['who'] } });
    const text = `{ "runs": [
      { "workflow": "strict", "input": { "who": "you" } },
      { "workflow": "strict", "input": {} },
      { "workflow": "nobody" },
      { "workflow": { "name": "bad", "nodes": { "a": { "type": "task", "usess": "echo" } } } },
      { "workflow": "strict", "prio": 1 },
      7,
      { "workflow": "strict", "input": { "who": "me" }, "idempotencyKey": "\\n" }
    ] }`;
    const answer = await api.send({
      method: 'POST',
      url: '/v1/runs/batch',
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine' },
      payload: text,
    });
    const items = answer.json().items as { code?: string; errors?: { pointer: string; line?: number }[] }[];

    expect(answer.statusCode).toBe(201);
    expect(items.map(({ code }) => code)).toEqual([
      undefined,
      'invalid_input',
      'not_found',
      'invalid_document',
      'invalid_request',
      'invalid_request',
      'invalid_request',
    ]);
    expect(items.map(({ errors }) => errors?.[0]?.pointer)).toEqual([
      undefined,
      expect.stringMatching(/^\/runs\/1\/input/),
      '/runs/2/workflow',
      expect.stringMatching(/^\/runs\/3\/workflow\/nodes\/a\//),
      '/runs/4/prio',
      '/runs/5',
      '/runs/6/idempotencyKey',
    ]);
    expect(items.map(({ errors }) => errors?.[0]?.line)).toEqual([undefined, 3, 4, 5, 6, 7, 8]);
    expect(items[2]).toMatchObject({ status: 404, requestId: 'mine' });
  });

  test.each([
    [{ runs: [] }, '/runs'],
    [{ runs: 'all' }, '/runs'],
    [{ runs: Array.from({ length: 1001 }, () => ({ workflow: 'x' })) }, '/runs'],
    [{ runs: [{ workflow: 'x' }], wait: '3s' }, '/wait'],
    [{}, '/runs'],
  ])('that is none is refused as a whole (case %#)', async (body, pointer) => {
    const answer = await api.post('/v1/runs/batch', body);

    expect(answer.statusCode).toBe(422);
    expect(answer.json().errors).toMatchObject([{ pointer }]);
  });
});

describe('keys in a batch', () => {
  test('A10: a run with a key is started once, here or alone', async () => {
    const body = { workflow: echo('keyed'), input: { n: 1 } };
    const [first, twin, other] = await batch([
      { ...body, idempotencyKey: 'k1' },
      { ...body, idempotencyKey: 'k1' },
      { ...body, input: { n: 2 }, idempotencyKey: 'k1' },
    ]);
    await api.rig.ended(String(first?.['id']));
    const alone = await api.post('/v1/runs', body, { 'idempotency-key': 'k1' });
    const [again] = await batch([{ ...body, idempotencyKey: 'k1' }]);

    expect(twin?.['id']).toBe(first?.['id']);
    expect(other).toMatchObject({ status: 409, code: 'idempotency_conflict' });
    expect([alone.statusCode, alone.json().id]).toEqual([200, first?.['id']]);
    expect(again).toEqual({ id: first?.['id'], status: 'succeeded' });
  });

  test('A10: a key of the whole batch gives each run a key by its place', async () => {
    const runs = [1, 2, 3].map((n) => ({ workflow: echo('placed'), input: { n } }));
    const own = { ...runs[0], idempotencyKey: 'own' };
    const header = { 'idempotency-key': 'batch-1' };
    const first = await batch([...runs, own], header);
    const again = await batch([...runs, own], header);
    const changed = await batch([runs[0], runs[0], runs[2]], header);
    const alone = await api.post('/v1/runs', runs[2], { 'idempotency-key': 'batch-1/2' });

    expect(new Set(first.map(({ id }) => id)).size).toBe(4);
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect(changed.map(({ code }) => code)).toEqual([undefined, 'idempotency_conflict', undefined]);
    expect(alone.json().id).toBe(first[2]?.['id']);
  });
});
