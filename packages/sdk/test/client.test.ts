import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { ApiError, ConnectionError, createClient, eachItem } from '../src/index.ts';
import { RUN_ID, sendJson, wireServer } from './wire-server.ts';

describe('a client', () => {
  test('starts a run with its key, its token and how long to wait', async () => {
    const server = await wireServer((_, response) => sendJson(response, 201, { id: RUN_ID }));
    const client = createClient({ url: server.url, token: 'secret' });

    await client.runs.start({ workflow: 'a b', input: { x: 1 } }, { idempotencyKey: 'k', waitMs: 1500 });

    expect(server.asked).toMatchObject([
      {
        method: 'POST',
        url: '/v1/runs?wait=1500ms',
        headers: { authorization: 'Bearer secret', 'idempotency-key': 'k', 'content-type': 'application/json' },
        body: '{"workflow":"a b","input":{"x":1}}',
      },
    ]);
  });

  test('starts many runs in one call, and gives what became of each', async () => {
    const items = [{ id: RUN_ID, status: 'running' }, { code: 'not_found' }];
    const server = await wireServer((_, response) => sendJson(response, 201, { items }));
    const runs = [{ workflow: 'a', idempotencyKey: 'one' }, { workflow: 'b' }];

    expect(await createClient(server).runs.startMany(runs, { idempotencyKey: 'all' })).toEqual(items);
    expect(server.asked).toMatchObject([
      { method: 'POST', url: '/v1/runs/batch', headers: { 'idempotency-key': 'all' }, body: JSON.stringify({ runs }) },
    ]);
  });

  test('looks back at runs: lists checkpoints, reads one and compares two', async () => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));
    const { runs } = createClient(server);

    await runs.checkpoints.list(RUN_ID, { limit: 5, cursor: 'c' });
    await runs.checkpoints.get(RUN_ID, 7, { limit: 1000 });
    await runs.diff(RUN_ID, { from: 3, to: 7 });
    await runs.diff(RUN_ID, { from: 3, to: 9, other: 'other run' });
    await runs.compare(RUN_ID, 'other run');

    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET /v1/runs/${RUN_ID}/checkpoints?limit=5&cursor=c`,
      `GET /v1/runs/${RUN_ID}/checkpoints/7?limit=1000`,
      `GET /v1/runs/${RUN_ID}/diff?from=3&to=7`,
      `GET /v1/runs/${RUN_ID}/diff?from=3&to=9&other=other+run`,
      `GET /v1/runs/${RUN_ID}/compare?other=other+run`,
    ]);
  });

  test('sends a document as its author wrote it, or as JSON', async () => {
    const server = await wireServer((_, response) => sendJson(response, 201, {}));
    const { workflows } = createClient({ url: server.url });

    await workflows.save({ text: 'name: a', mediaType: 'application/yaml' });
    await workflows.validate({ name: 'a', nodes: {} });
    await workflows.save({ id: 'a' }, { format: 'nullboiler' });

    expect(server.asked).toMatchObject([
      { url: '/v1/workflows', headers: { 'content-type': 'application/yaml' }, body: 'name: a' },
      {
        url: '/v1/workflows/validate',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"a","nodes":{}}',
      },
      { url: '/v1/workflows?format=nullboiler', body: '{"id":"a"}' },
    ]);
  });

  test('reads a graph as text or as data', async () => {
    const server = await wireServer(({ url }, response) => {
      if (url.includes('json')) sendJson(response, 200, { nodes: [] });
      else response.end('flowchart TD');
    });
    const { workflows } = createClient({ url: server.url });

    expect(await workflows.graph('a/b', { version: 2 })).toBe('flowchart TD');
    expect(await workflows.graph('a', { format: 'json' })).toEqual({ nodes: [] });
    expect(server.asked[0]?.url).toBe('/v1/workflows/a%2Fb/graph?version=2&format=mermaid');
  });

  test.each([
    ['GET', `/v1/runs/${RUN_ID}`, (client: Client) => client.runs.get(RUN_ID)],
    ['GET', '/v1/runs?limit=5&status=failed', (client: Client) => client.runs.list({ limit: 5, status: 'failed' })],
    ['GET', `/v1/runs/${RUN_ID}/tasks`, (client: Client) => client.runs.tasks(RUN_ID)],
    ['GET', `/v1/runs/${RUN_ID}/steps?cursor=c`, (client: Client) => client.runs.steps(RUN_ID, { cursor: 'c' })],
    ['POST', `/v1/runs/${RUN_ID}/cancel`, (client: Client) => client.runs.cancel(RUN_ID)],
    ['POST', `/v1/runs/${RUN_ID}/retry`, (client: Client) => client.runs.retry(RUN_ID)],
    ['GET', '/v1/interrupts?limit=2', (client: Client) => client.interrupts.list({ limit: 2 })],
    ['POST', '/v1/tasks', (client: Client) => client.tasks.start({ uses: 'echo' })],
    ['GET', '/v1/tasks/t', (client: Client) => client.tasks.get('t')],
    ['GET', '/v1/workers', (client: Client) => client.workers.list()],
    ['POST', '/v1/keys', (client: Client) => client.keys.create({ role: 'admin' })],
    ['GET', '/v1/keys?tenant=acme', (client: Client) => client.keys.list({ tenant: 'acme' })],
    ['DELETE', `/v1/keys/${RUN_ID}`, (client: Client) => client.keys.revoke(RUN_ID)],
    ['GET', '/v1/workflows?limit=1', (client: Client) => client.workflows.list({ limit: 1 })],
    ['GET', '/v1/workflows/w?version=3', (client: Client) => client.workflows.get('w', { version: 3 })],
  ])('asks %s %s', async (method, url, call) => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));

    await call(createClient(server));

    expect(server.asked).toMatchObject([{ method, url }]);
  });

  test('says who calls, and which tenant the operator acts in', async () => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));
    await createClient({ url: server.url, token: 'weft_k', tenant: 'acme' }).workers.list();
    await createClient({ url: server.url }).workers.list();

    expect(server.asked[0]?.headers).toMatchObject({ authorization: 'Bearer weft_k', 'weft-tenant': 'acme' });
    expect(Object.keys(server.asked[1]?.headers ?? {})).not.toContain('weft-tenant');
  });

  test.each<[Json]>([[false], [0], [''], [null]])('sends %j as an answer and as a payload', async (value) => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));
    const { runs } = createClient(server);

    await runs.answer(RUN_ID, 'Q', value, { user: 'ada', idempotencyKey: 'k' });
    await runs.signal(RUN_ID, 'a/b', value);

    const path = `/v1/runs/${RUN_ID}`;
    expect(server.asked).toMatchObject([
      {
        method: 'POST',
        url: `${path}/resume`,
        headers: { 'x-weft-user': 'ada', 'idempotency-key': 'k' },
        body: JSON.stringify({ answers: { Q: value } }),
      },
      { method: 'POST', url: `${path}/signals/a%2Fb`, body: JSON.stringify(value) },
    ]);
    expect(server.asked[1]?.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  test('resumes a run, signals without a payload and injects state', async () => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));
    const { runs } = createClient(server);

    await runs.resume(RUN_ID);
    await runs.resume(RUN_ID, { stateUpdates: { a: 1 } });
    await runs.signal(RUN_ID, 'go');
    await runs.injectState(RUN_ID, { a: 1 }, { afterNode: 'n' });

    expect(server.asked.map(({ body }) => body)).toEqual([
      '{}',
      '{"stateUpdates":{"a":1}}',
      'null',
      '{"updates":{"a":1},"afterNode":"n"}',
    ]);
  });

  test('keeps the path of its address', async () => {
    const server = await wireServer((_, response) => sendJson(response, 200, {}));

    await createClient({ url: `${server.url}/weft/` }).runs.list();

    expect(server.asked[0]?.url).toBe('/weft/v1/runs');
  });
});

describe('a refusal', () => {
  test('carries the whole problem and when to come back', async () => {
    const errors = [{ code: 'unknown_key', pointer: '/nodes/a/usess', message: 'unknown key' }];
    const problem = {
      type: 't',
      title: 'T',
      status: 422,
      detail: 'd',
      code: 'invalid_document',
      requestId: 'r',
      errors,
    };
    const server = await wireServer((_, response) => {
      response.setHeader('retry-after', '3');
      sendJson(response, 422, problem);
    });

    const error = await createClient(server)
      .runs.list()
      .catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'invalid_document', status: 422, problem, retryAfterMs: 3000, message: 'd' });
  });

  test.each([[502], [200]])('is made up where something else than the API answers with %i', async (status) => {
    const server = await wireServer((_, response) => response.writeHead(status).end('<h1>hello</h1>'));

    await expect(createClient(server).runs.list()).rejects.toMatchObject({ code: 'unexpected_answer', status });
  });

  test('is a ConnectionError where nobody listens', async () => {
    const server = await wireServer(() => undefined);
    await server.close();

    const error = await createClient(server)
      .runs.list()
      .catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toBe(`${server.url} does not answer: ECONNREFUSED`);
  });

  test('is the reason of the abort where the caller gave up', async () => {
    const server = await wireServer(() => undefined);

    await expect(createClient(server).runs.list({ signal: AbortSignal.abort(new Error('no more')) })).rejects.toThrow(
      'no more',
    );
  });
});

test('all items of a list come, page after page', async () => {
  const asked: (string | undefined)[] = [];
  const items = eachItem(async (cursor) => {
    asked.push(cursor);
    return cursor === undefined ? { items: [1, 2], nextCursor: 'next' } : { items: [3], nextCursor: null };
  });

  expect(await Array.fromAsync(items)).toEqual([1, 2, 3]);
  expect(asked).toEqual([undefined, 'next']);
});

type Client = ReturnType<typeof createClient>;
