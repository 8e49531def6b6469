import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await createApiRig();
});

afterAll(() => api.stop());

type Item = { code: string; pointer: string; line?: number };
type Seen = { status: number; code: string; errors: Item[]; places: string[] };

async function seen(request: Parameters<ApiRig['send']>[0]): Promise<Seen> {
  const answer = await api.send(request);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const problem = answer.json();
  expect(problem).toMatchObject({ status: answer.statusCode, requestId: answer.headers['x-request-id'] });
  const errors: Item[] = problem.errors;
  return {
    status: answer.statusCode,
    code: problem.code,
    errors,
    places: errors.map(({ code, pointer }) => `${code} ${pointer}`),
  };
}

function json(url: string, payload: string): Promise<Seen> {
  return seen({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload });
}

function yaml(url: string, payload: string): Promise<Seen> {
  return seen({ method: 'POST', url, headers: { 'content-type': 'application/yaml' }, payload });
}

const DOCUMENT = '{"name":"ok","nodes":{"a":{"type":"task","uses":"echo"}}}';

describe('hostile URLs', () => {
  test('a NUL character in a query is refused where it stands', async () => {
    const urls = [
      '/v1/dead-letters?node=%00',
      '/v1/dead-letters?code=a%00b',
      '/v1/dead-letters?lane=%00',
      '/v1/runs?tag=%00',
      '/v1/keys?cursor=%00',
    ];
    for (const url of urls) {
      const name = /\?(\w+)=/.exec(url)?.[1];
      expect(await seen({ url }), url).toMatchObject({ status: 422, places: [`invalid_value /query/${name}`] });
    }
    const removed = await seen({ method: 'DELETE', url: '/v1/limits?key=%00' });
    expect(removed).toMatchObject({ status: 422, places: ['invalid_value /query/key'] });
  });

  test('a NUL character in a path names nothing', async () => {
    for (const path of ['workers/%00/drain', 'workers/a%00/cordon', 'lanes/%00/pause', 'dead-letters/%00/retry'])
      expect(await seen({ method: 'POST', url: `/v1/${path}` }), path).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('hostile bodies', () => {
  test('10 MB are refused with 413', async () => {
    expect(await json('/v1/workflows', `"${'x'.repeat(10_000_000)}"`)).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
  });

  test('JSON nested 10,000 deep is refused', async () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    expect(await json('/v1/runs', `{"workflow":"x","input":${deep}}`)).toMatchObject({
      status: 422,
      code: 'invalid_input',
      errors: [{ code: 'limit_depth' }],
    });
  });

  test('a name that is given twice is refused at the second place', async () => {
    expect(await json('/v1/workflows', '{"name":"a",\n"name":"b","nodes":{}}')).toMatchObject({
      status: 422,
      code: 'invalid_document',
      errors: [{ code: 'duplicate_name', pointer: '/name', line: 2, column: 1 }],
    });
  });

  test('__proto__ in an input is refused, and a node named constructor', async () => {
    expect(await json('/v1/runs', '{"workflow":"x","input":{"__proto__":{"a":1}}}')).toMatchObject({
      status: 422,
      code: 'invalid_input',
      places: ['bad_name /input/__proto__'],
    });
    const nodes = '{"constructor":{"type":"task","uses":"echo"}}';
    expect(await json('/v1/workflows', `{"name":"x","nodes":${nodes}}`)).toMatchObject({
      status: 422,
      code: 'invalid_document',
      places: ['bad_name /nodes/constructor'],
    });
    expect(await json('/v1/runs', `{"workflow":{"name":"x","nodes":${nodes}}}`)).toMatchObject({
      status: 422,
      code: 'invalid_document',
      places: ['bad_name /workflow/nodes/constructor'],
    });
  });

  test('an alias bomb in YAML is refused', async () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 30; i += 1) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    expect(await yaml('/v1/workflows', lines.join('\n'))).toMatchObject({
      status: 400,
      code: 'unparsable',
      errors: [{ message: expect.stringMatching(/alias/i) }],
    });
  });

  test('20,000 nodes are refused, and the limit is named', async () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, n) => [`n${n}`, { type: 'task', uses: 'echo' }]),
    );
    expect(await json('/v1/workflows', JSON.stringify({ name: 'big', nodes }))).toMatchObject({
      status: 422,
      places: ['limit_nodes /nodes'],
    });
  });

  test('text that is no JSON, no UTF-8, or nothing is unparsable', async () => {
    for (const payload of ['{', '{"a":1,}', 'nul', '']) {
      expect(await json('/v1/workflows', payload)).toMatchObject({ status: 400, code: 'unparsable' });
    }
    const headers = { 'content-type': 'application/json' };
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    expect(await seen({ method: 'POST', url: '/v1/runs', headers, payload: bytes })).toMatchObject({ status: 400 });
  });
});

describe('requests that do not fit', () => {
  test('another content type is unsupported, and YAML is for documents only', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await seen({ method: 'POST', url: '/v1/runs', headers, payload: 'x' })).toMatchObject({ status: 415 });
    expect(await yaml('/v1/runs', 'workflow: x')).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(await seen({ method: 'POST', url: '/v1/runs', payload: Buffer.from('{}') })).toMatchObject({ status: 415 });
  });

  test('unknown keys, wrong types and missing fields are told all at once', async () => {
    const body = '{"workflow":5,"prioritty":"high","tags":"x","priority":"urgent"}';
    const { status, code, places } = await json('/v1/runs', body);
    expect({ status, code }).toEqual({ status: 422, code: 'invalid_request' });
    expect(places.toSorted()).toEqual([
      'bad_type /tags',
      'bad_type /workflow',
      'invalid_value /priority',
      'unknown_key /prioritty',
    ]);
    expect(await json('/v1/runs', '{}')).toMatchObject({ status: 422, places: ['missing_field /workflow'] });
    expect(await json('/v1/runs', '[]')).toMatchObject({ status: 422, places: ['bad_type '] });
    expect(await seen({ method: 'POST', url: '/v1/runs' })).toMatchObject({ status: 422, places: ['bad_type '] });
  });

  test('unknown and invalid query parameters are told with their name', async () => {
    expect(await seen({ url: '/v1/runs?colour=red' })).toMatchObject({
      status: 422,
      places: ['unknown_key /query/colour'],
    });
    expect(await seen({ url: '/v1/runs?limit=0' })).toMatchObject({
      status: 422,
      places: ['invalid_value /query/limit'],
    });
    expect(await seen({ url: '/v1/runs?status=done' })).toMatchObject({
      status: 422,
      places: ['invalid_value /query/status'],
    });
    expect(await seen({ url: '/v1/runs?limit=1&limit=2' })).toMatchObject({ status: 422 });
    expect(await json('/v1/runs?wait=1h', '{"workflow":"x"}')).toMatchObject({
      status: 422,
      places: ['invalid_value /query/wait'],
    });
    expect(await json('/v1/workflows?format=n8n', DOCUMENT)).toMatchObject({
      status: 422,
      code: 'node_type_unsupported',
      places: ['node_type_unsupported /query/format'],
    });
  });

  test('a cursor that is not ours is refused', async () => {
    for (const cursor of ['x', 'e30', Buffer.from('{"id":"1"}').toString('base64url')]) {
      for (const list of ['runs', `runs/${crypto.randomUUID()}/tasks`]) {
        expect(await seen({ url: `/v1/${list}?cursor=${cursor}` })).toMatchObject({
          status: 422,
          places: ['invalid_value /query/cursor'],
        });
      }
    }
  });

  test("an id that is no UUID, or nobody's, is not found", async () => {
    for (const id of ['x', crypto.randomUUID(), '%00', "'; drop table run; --"]) {
      for (const path of [
        `runs/${id}`,
        `runs/${id}/tasks`,
        `runs/${id}/steps`,
        `runs/${id}/events`,
        `tasks/${id}`,
        `tasks/${id}/why`,
      ]) {
        expect(await seen({ url: `/v1/${encodeURI(path).replace('%2500', '%00')}` }), path).toMatchObject({
          status: 404,
          code: 'not_found',
        });
      }
      expect(await seen({ method: 'POST', url: `/v1/runs/${encodeURIComponent(id)}/cancel` })).toMatchObject({
        status: 404,
      });
      expect(await seen({ method: 'POST', url: `/v1/runs/${encodeURIComponent(id)}/retry` })).toMatchObject({
        status: 404,
      });
    }
  });

  test('a malformed URL, an unknown path and a wrong method each have their answer', async () => {
    expect(await seen({ url: '/v1/runs/%zz' })).toMatchObject({ status: 400, code: 'unparsable' });
    expect(await seen({ url: '/v1/nothing' })).toMatchObject({ status: 404, code: 'not_found' });
    const answer = await api.send({ method: 'DELETE', url: '/v1/runs' });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers['allow']?.split(', ').toSorted()).toEqual(['GET', 'POST']);
  });

  test('an idempotency key must be printable', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k'.repeat(256) };
    expect(await seen({ method: 'POST', url: '/v1/runs', headers, payload: '{"workflow":"x"}' })).toMatchObject({
      status: 422,
      places: ['invalid_value /headers/idempotency-key'],
    });
  });

  test('a request id that was sent comes back, unless it is nonsense', async () => {
    const echo = await api.get('/healthz', { 'x-request-id': 'abc-1' });
    const made = await api.get('/healthz', { 'x-request-id': 'a b' });
    expect(echo.headers['x-request-id']).toBe('abc-1');
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('what is no HTTP is answered on the bare socket', async () => {
    const url = new URL(await api.app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(url.port), url.hostname);
    socket.end('nonsense\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 .*\r\n/);
    expect(text).toContain('application/problem+json');
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ code: 'unparsable', status: 400 });
  });
});
