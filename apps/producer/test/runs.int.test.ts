import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;
/** Opens the gate of the executor `gate`. */
let open: () => void;

beforeAll(async () => {
  const gate = Promise.withResolvers<void>();
  open = gate.resolve;
  let failures = 0;
  api = await createApiRig({
    fail: async () => ({ kind: 'failed', error: { code: 'broken', message: 'on purpose', retryable: false } }),
    once: async () =>
      failures++ === 0
        ? { kind: 'failed', error: { code: 'broken', message: 'the first time', retryable: false } }
        : { kind: 'succeeded', output: 'at last' },
    gate: async ({ signal }) => {
      await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      return { kind: 'succeeded', output: 'open' };
    },
  });
});

afterAll(async () => {
  open();
  await api.stop();
});

const hello = {
  name: 'hello',
  description: 'Says it twice',
  input: { type: 'object', required: ['who'], properties: { who: { type: 'string' } } },
  state: { said: { type: 'array', reducer: 'append', default: [] }, scratch: { type: 'any', ephemeral: true } },
  nodes: {
    first: { type: 'task', uses: 'echo', with: { text: 'hello {{ input.who }}' }, output: 'said' },
    second: { type: 'task', uses: 'echo', with: '${first.text}', needs: ['first'], output: 'said' },
  },
};

describe('starting runs', () => {
  test('a saved workflow runs by its name, and the answer can wait for the end', async () => {
    expect((await api.post('/v1/workflows', hello)).statusCode).toBe(201);
    const answer = await api.post('/v1/runs?wait=20s', {
      workflow: 'hello',
      input: { who: 'you' },
      tags: ['greeting'],
      priority: 'high',
    });

    expect(answer.statusCode).toBe(201);
    const run = answer.json();
    expect(answer.headers['location']).toBe(`/v1/runs/${run.id}`);
    expect(run).toMatchObject({
      workflow: { name: 'hello', version: 1 },
      status: 'succeeded',
      input: { who: 'you' },
      output: 'hello you',
      state: { said: [{ text: 'hello you' }, 'hello you'] },
      error: null,
      tags: ['greeting'],
      priority: 'high',
      step: 4,
    });
    expect(run.state).not.toHaveProperty('scratch');
    expect(Date.parse(run.endedAt)).toBeGreaterThanOrEqual(Date.parse(run.createdAt));
    expect((await api.get(`/v1/runs/${run.id}`)).json()).toEqual(run);
  });

  test('an inline document is saved as a version and run', async () => {
    const document = {
      name: 'inline',
      nodes: { a: { type: 'task', uses: 'echo', with: 1 }, b: { type: 'task', uses: 'echo', with: 2 } },
    };
    const run = (await api.post('/v1/runs?wait=20s', { workflow: document })).json();

    expect(run).toMatchObject({ workflow: { name: 'inline', version: 1 }, output: { a: 1, b: 2 } });
    expect((await api.get('/v1/workflows/inline')).json().document).toEqual(document);
    const again = (await api.post('/v1/runs', { workflow: { name: 'inline', version: 1 } })).json();
    expect(again.workflow).toEqual({ name: 'inline', version: 1 });
  });

  test('an output template is what the run gives', async () => {
    const document = {
      name: 'templated',
      output: { sum: '${a}' },
      nodes: { a: { type: 'task', uses: 'echo', with: [1, 2] }, b: { type: 'task', uses: 'echo' } },
    };
    expect((await api.post('/v1/runs?wait=20s', { workflow: document })).json().output).toEqual({ sum: [1, 2] });
  });

  test('the same key gives the same run, and another payload under it is refused', async () => {
    const key = { 'idempotency-key': 'order-17' };
    const first = await api.post('/v1/runs', { workflow: 'hello', input: { who: 'a' } }, key);
    const second = await api.post('/v1/runs', { input: { who: 'a' }, workflow: 'hello' }, key);
    const other = await api.post('/v1/runs', { workflow: 'hello', input: { who: 'b' } }, key);

    expect([first.statusCode, second.statusCode]).toEqual([201, 200]);
    expect(second.json().id).toBe(first.json().id);
    expect(other.statusCode).toBe(409);
    expect(other.json().code).toBe('idempotency_conflict');
  });

  test('an input that does not fit is refused at its place, with line and column', async () => {
    const payload = '{\n  "workflow": "hello",\n  "input": {\n    "who": 5\n  }\n}';
    const answer = await api.send({
      method: 'POST',
      url: '/v1/runs',
      headers: { 'content-type': 'application/json' },
      payload,
    });

    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/input/who', line: 4, column: 5 }],
    });
  });

  test('a workflow that does not exist is not found', async () => {
    const byName = await api.post('/v1/runs', { workflow: 'nobody' });
    const byVersion = await api.post('/v1/runs', { workflow: { name: 'hello', version: 99 } });

    expect([byName.statusCode, byVersion.statusCode]).toEqual([404, 404]);
    expect(byName.json().errors).toMatchObject([{ code: 'missing_reference', pointer: '/workflow' }]);
  });

  test('an invalid inline document tells every error below /workflow', async () => {
    const nodes = { a: { type: 'task', usess: 'echo' }, b: { type: 'task', uses: 'echo', needs: ['c'] } };
    const answer = await api.post('/v1/runs', { workflow: { name: 'bad', nodes } });

    expect(answer.statusCode).toBe(422);
    const problem = answer.json();
    expect(problem.code).toBe('invalid_document');
    const places = problem.errors.map(({ code, pointer }: { code: string; pointer: string }) => `${code} ${pointer}`);
    expect(places).toContain('unknown_key /workflow/nodes/a/usess');
    expect(places).toContain('missing_reference /workflow/nodes/b/needs/0');
  });
});

test('the graph of a run says how each node stands', async () => {
  const nodes = { first: { type: 'task', uses: 'echo' }, bad: { type: 'task', uses: 'fail', needs: ['first'] } };
  const { id } = (await api.post('/v1/runs?wait=20s', { workflow: { name: 'drawn-run', nodes } })).json();
  const json = await api.get(`/v1/runs/${id}/graph?format=json`);

  expect(json.json().nodes).toEqual([
    { name: 'first', type: 'task', uses: 'echo', status: 'succeeded' },
    { name: 'bad', type: 'task', uses: 'fail', status: 'failed' },
  ]);
  expect((await api.get(`/v1/runs/${id}/graph`)).body).toContain('class n1 failed');
  expect((await api.get(`/v1/runs/${id}/graph?format=dot`)).body).toContain('fillcolor="#ffc9c9"');
  expect((await api.get(`/v1/runs/${crypto.randomUUID()}/graph`)).statusCode).toBe(404);
});

describe('listing runs', () => {
  test('pages go back in time without a gap, and filters hold', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const answer = await api.post('/v1/runs?wait=20s', {
        workflow: 'hello',
        input: { who: `${i}` },
        tags: ['paged'],
      });
      ids.unshift(answer.json().id);
    }
    const seen: string[] = [];
    let url = '/v1/runs?tag=paged&status=succeeded&workflow=hello&limit=2';
    for (let pages = 0; pages < 5; pages += 1) {
      const page = (await api.get(url)).json();
      seen.push(...page.items.map(({ id }: { id: string }) => id));
      if (page.nextCursor === null) break;
      url = `/v1/runs?tag=paged&status=succeeded&workflow=hello&limit=2&cursor=${page.nextCursor}`;
    }

    expect(seen).toEqual(ids);
    expect((await api.get('/v1/runs?createdAfter=2999-01-01T00:00:00Z')).json()).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});

describe('tasks and steps of a run', () => {
  test('tasks carry their results, steps the updates they made', async () => {
    const run = (await api.post('/v1/runs?wait=20s', { workflow: 'hello', input: { who: 'it' } })).json();
    const tasks = (await api.get(`/v1/runs/${run.id}/tasks?limit=1`)).json();
    const rest = (await api.get(`/v1/runs/${run.id}/tasks?cursor=${tasks.nextCursor}`)).json();

    expect(tasks.items).toMatchObject([
      { runId: run.id, key: 'first#0', node: 'first', iteration: 0, status: 'succeeded', attempt: 1, maxAttempts: 1 },
    ]);
    expect(rest).toMatchObject({ items: [{ node: 'second', output: 'hello it', lane: 'default' }], nextCursor: null });
    expect((await api.get(`/v1/tasks/${rest.items[0].id}`)).json()).toEqual(rest.items[0]);

    const steps = (await api.get(`/v1/runs/${run.id}/steps`)).json();
    expect(steps.items.map(({ step, type }: { step: number; type: string }) => [step, type])).toEqual([
      [1, 'run_started'],
      [2, 'task_succeeded'],
      [3, 'task_succeeded'],
      [4, 'run_ended'],
    ]);
    expect(steps.items[2]).toMatchObject({ parent: 2, node: 'second', attempt: 1, updates: { said: 'hello it' } });
    const second = (await api.get(`/v1/runs/${run.id}/steps?limit=3`)).json();
    expect((await api.get(`/v1/runs/${run.id}/steps?cursor=${second.nextCursor}`)).json().items).toEqual([
      steps.items[3],
    ]);
  });
});

describe('steering runs', () => {
  test('a cancelled run is cancelled at once with all of its tasks, and cannot be cancelled twice', async () => {
    const document = { name: 'gated', nodes: { a: { type: 'task', uses: 'gate' } } };
    const run = (await api.post('/v1/runs', { workflow: document })).json();
    const answer = await api.post(`/v1/runs/${run.id}/cancel`, { reason: 'no longer needed' });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'cancelled',
      output: null,
      error: { code: 'cancelled', message: 'no longer needed' },
    });
    const tasks = (await api.get(`/v1/runs/${run.id}/tasks`)).json();
    expect(tasks.items).toMatchObject([{ status: 'cancelled' }]);
    const again = await api.send({ method: 'POST', url: `/v1/runs/${run.id}/cancel` });
    expect(again.statusCode).toBe(409);
    expect(again.json().code).toBe('conflict');
  });

  test('A10: a cancel that is sent again under its key gets the same answer; the key is good for nothing else', async () => {
    const document = { name: 'gated', nodes: { a: { type: 'task', uses: 'gate' } } };
    const [run, other] = [
      await api.post('/v1/runs', { workflow: document }),
      await api.post('/v1/runs', { workflow: document }),
    ];
    const act = (path: string, payload: object = { reason: 'enough' }) =>
      api.send({ method: 'POST', url: path, payload, headers: { 'idempotency-key': 'cancel-1' } });
    const url = `/v1/runs/${run.json().id}/cancel`;
    const answers = await Promise.all([act(url), act(url), act(url)]);
    answers.push(await act(url));

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    expect(answers.map((answer) => answer.json().status)).toEqual(answers.map(() => 'cancelled'));
    const others = [
      await act(url, { reason: 'another' }),
      await act(`/v1/runs/${other.json().id}/cancel`),
      await act('/v1/runs', { workflow: document }),
    ];
    expect(others.map((answer) => answer.json().code)).toEqual(others.map(() => 'idempotency_conflict'));
    expect((await api.get(`/v1/runs/${other.json().id}`)).json().status).toBe('running');
  });

  test('A10: a retry that is sent again under its key is carried out once', async () => {
    const document = { name: 'never', nodes: { a: { type: 'task', uses: 'fail' } } };
    const failed = (await api.post('/v1/runs?wait=20s', { workflow: document })).json();
    expect(failed.status).toBe('failed');
    const headers = { 'idempotency-key': 'retry-1' };
    const retry = () => api.send({ method: 'POST', url: `/v1/runs/${failed.id}/retry`, payload: {}, headers });
    const failures = async () => {
      const steps = (await api.get(`/v1/runs/${failed.id}/steps?limit=100`)).json().items;
      return steps.filter(({ type }: { type: string }) => type === 'task_failed').length;
    };
    expect((await retry()).statusCode).toBe(200);
    await expect.poll(failures, { timeout: 20_000 }).toBe(2);
    const again = await retry();

    expect(again.statusCode).toBe(200);
    expect(again.json().status).toBe('failed');
    expect(await failures()).toBe(2);
  });

  test('a failed run can be retried, and only a failed one', async () => {
    const document = { name: 'once', nodes: { a: { type: 'task', uses: 'once' } } };
    const failed = (await api.post('/v1/runs?wait=20s', { workflow: document })).json();
    expect(failed).toMatchObject({ status: 'failed', output: null, error: { code: 'broken' } });

    const retried = await api.post(`/v1/runs/${failed.id}/retry`, {});
    expect(retried.statusCode).toBe(200);
    expect(retried.json().id).toBe(failed.id);
    await expect
      .poll(async () => (await api.get(`/v1/runs/${failed.id}`)).json(), { timeout: 20_000 })
      .toMatchObject({
        status: 'succeeded',
        output: 'at last',
      });
    expect((await api.post(`/v1/runs/${failed.id}/retry`)).statusCode).toBe(409);
  });
});
