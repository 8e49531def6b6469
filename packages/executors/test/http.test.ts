import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { Json, JsonObject } from '@weft/contract';
import { executorCall } from '@weft/testkit/conformance/executor';
import type { LocalServer } from '@weft/testkit/local-server';
import { bodyOf, startServer } from '@weft/testkit/local-server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import http from '../src/builtin/http.ts';

let server: LocalServer;
let other: LocalServer;
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;

beforeAll(async () => {
  server = await startServer((request, response) => void answer(request, response));
  other = await startServer((request, response) => response.end(JSON.stringify(request.headers)));
});

afterAll(async () => {
  await server.close();
  await other.close();
});

beforeEach(() => {
  answer = (_request, response) => response.end();
});

type Parts = Parameters<typeof executorCall>[1];

const send = (input: JsonObject = {}, parts: Parts = {}) =>
  http.run(executorCall({ url: server.base, ...input }, parts));

/** Answers every request with what it received. */
async function mirror(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body: await bodyOf(request) }));
}

function answerWith(type: string | undefined, body: string | Buffer): void {
  answer = (_request, response) => {
    if (type !== undefined) response.setHeader('content-type', type);
    response.end(body);
  };
}

describe('a request', () => {
  beforeEach(() => {
    answer = mirror;
  });

  test('carries method, query, headers and text', async () => {
    const outcome = await send({
      url: `${server.base}/path?a=1`,
      method: 'PUT',
      query: { b: 'x y&z', n: 2, list: ['p', 'q'], none: null },
      headers: { 'X-Count': 3 },
      body: 'grüße',
    });

    expect(outcome).toMatchObject({
      kind: 'succeeded',
      output: {
        status: 200,
        bodyEncoding: 'json',
        body: {
          method: 'PUT',
          url: '/path?a=1&b=x+y%26z&n=2&list=p&list=q',
          headers: { 'x-count': '3', 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'weft' },
          body: 'grüße',
        },
      },
    });
  });

  test.each<Json>([{ a: [1, null] }, 'text', null, false])('carries JSON: %j', async (json) => {
    const outcome = await send({ method: 'POST', json });

    expect(outcome).toMatchObject({
      output: { body: { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) } },
    });
  });

  test('leaves the content type to whoever sets it', async () => {
    const outcome = await send({ method: 'POST', json: {}, headers: { 'Content-Type': 'application/ld+json' } });

    expect(outcome).toMatchObject({ output: { body: { headers: { 'content-type': 'application/ld+json' } } } });
  });

  test('that may change something carries the idempotency key', async () => {
    const parts = { idempotencyKey: 'key-1' };

    expect(await send({ method: 'POST' }, parts)).toMatchObject({
      output: { body: { headers: { 'idempotency-key': 'key-1' } } },
    });
    expect(await send({ method: 'DELETE', headers: { 'Idempotency-Key': 'mine' } }, parts)).toMatchObject({
      output: { body: { headers: { 'idempotency-key': 'mine' } } },
    });
    expect(JSON.stringify(await send({}, parts))).not.toContain('key-1');
  });

  test.each<[string, JsonObject]>([
    ['/url', { url: 'desk.example/path' }],
    ['/url', { url: 'file:///etc/passwd' }],
    ['/url', { url: 'ftp://desk.example/' }],
    ['/url', { url: 'http://user:password@desk.example/' }],
    ['/headers/x', { headers: { x: 'a\r\nInjected: b' } }],
    ['/headers/x', { headers: { x: 'a\0' } }],
    ['/headers/x', { headers: { x: '\u{1F511}' } }],
    ['/headers/a b', { headers: { 'a b': 'c' } }],
    ['/headers/Content-Length', { headers: { 'Content-Length': 3 } }],
    ['/headers/Transfer-Encoding', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['/headers/host', { headers: { host: 'other.example' } }],
    ['/method', { method: 'TRACE' }],
    ['/method', { method: 'GET / HTTP/1.1\r\n' }],
    ['/body', { body: 'a GET has none' }],
    ['/json', { method: 'POST', body: 'a', json: 1 }],
    ['/maxBytes', { maxBytes: 10 * 1_048_576 + 1 }],
    ['/maxBytes', { maxBytes: 0 }],
    ['/timeout', { timeout: 5 }],
  ])('is refused, naming %s: %j', async (pointer, input) => {
    expect(await send(input)).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });
});

describe('a response', () => {
  test.each<[string | undefined, string | Buffer, Json, string]>([
    ['application/json', '{"a":1}', { a: 1 }, 'json'],
    ['application/problem+json; charset=utf-8', '\ufeff{"a":1}', { a: 1 }, 'json'],
    ['application/json', '', null, 'json'],
    ['text/html; charset="iso-8859-1"', Buffer.from('é', 'latin1'), 'é', 'text'],
    ['text/plain; charset=klingon', 'é', 'é', 'text'],
    ['application/x-ndjson', '{}\n{}\n', '{}\n{}\n', 'text'],
    ['image/svg+xml', '<svg/>', '<svg/>', 'text'],
    ['image/png', Buffer.from([0x89, 0x50, 0]), 'iVAA', 'base64'],
    [undefined, 'plain é', 'plain é', 'text'],
    [undefined, Buffer.from([0xff, 0xfe, 0xfd]), '//79', 'base64'],
  ])('of type %s is decoded', async (type, sent, body, bodyEncoding) => {
    answerWith(type, sent);

    expect(await send()).toMatchObject({ kind: 'succeeded', output: { status: 200, body, bodyEncoding } });
  });

  test('keeps characters whole that arrive in pieces', async () => {
    answer = async (_request, response) => {
      response.setHeader('content-type', 'text/plain');
      const bytes = Buffer.from('a🔑b');
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      response.end();
    };

    expect(await send()).toMatchObject({ output: { body: 'a🔑b' } });
  });

  test('gives its headers in lower case and cookies as a list', async () => {
    answer = (_request, response) => {
      response.writeHead(201, { 'X-Rest': '7', 'Set-Cookie': ['a=1', 'b=2'], constructor: 'x' }).end();
    };
    const outcome = await send();

    expect(outcome).toMatchObject({
      output: { status: 201, headers: { 'x-rest': '7', 'set-cookie': ['a=1', 'b=2'] } },
    });
    expect(JSON.stringify(outcome)).not.toContain('constructor');
  });

  test('without content has the body null', async () => {
    answer = (_request, response) => response.writeHead(204).end();
    expect(await send()).toMatchObject({ output: { status: 204, body: null } });

    answerWith('text/plain', 'not sent');
    expect(await send({ method: 'HEAD' })).toMatchObject({ output: { status: 200, body: null } });
  });

  test('that says JSON and is none fails with invalid_json', async () => {
    answerWith('application/json', '{"a":');

    expect(await send()).toMatchObject({ kind: 'failed', error: { code: 'invalid_json', retryable: false } });
  });

  test('with JSON nested 100,000 deep is passed on, for the store to judge', async () => {
    answerWith('application/json', '['.repeat(100_000) + ']'.repeat(100_000));

    expect((await send()).kind).toBe('succeeded');
  });

  test('of exactly maxBytes is taken, one byte more is not', async () => {
    answerWith('text/plain', 'x'.repeat(1_000));

    expect(await send({ maxBytes: 1_000 })).toMatchObject({ kind: 'succeeded' });
    expect(await send({ maxBytes: 999 })).toMatchObject({
      kind: 'failed',
      error: { code: 'response_too_large', retryable: false, details: { status: 200, maxBytes: 999 } },
    });
  });

  test('F42: without end is cut off at the limit', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    answer = (_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', write).on('close', resolve);
      write();
    };

    expect(await send()).toMatchObject({ error: { code: 'response_too_large' } });
    await closed;
  });

  test('that unpacks to more than the limit is too large', async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000));
    answer = (_request, response) => response.setHeader('content-encoding', 'gzip').end(packed);

    expect(packed.length).toBeLessThan(100_000);
    expect(await send()).toMatchObject({ error: { code: 'response_too_large' } });
  });

  test('says that the attempt is alive as it arrives', async () => {
    let beats = 0;
    answerWith('text/plain', 'x');
    await send({}, { heartbeat: () => (beats += 1) });

    expect(beats).toBeGreaterThanOrEqual(2);
  });
});

describe('a refusing response', () => {
  const refuse = (status: number, headers: Record<string, string> = {}, body = 'why') => {
    answer = (_request, response) => response.writeHead(status, headers).end(body);
  };

  test.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])('with status %d is retryable: %s', async (status, retryable) => {
    refuse(status);

    expect(await send()).toMatchObject({
      kind: 'failed',
      error: { code: 'http_status', retryable, details: { status, body: 'why' } },
    });
  });

  test('may ask for a pause, in seconds or by a date on its own clock', async () => {
    refuse(429, { 'retry-after': '7' });
    expect(await send()).toMatchObject({ retryAfterMs: 7_000 });

    refuse(503, { 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' });
    expect(await send()).toMatchObject({ retryAfterMs: 30_000 });

    refuse(404, { 'retry-after': '7' });
    expect(await send()).not.toHaveProperty('retryAfterMs');
  });

  test('shows at most 2 KiB of its body', async () => {
    refuse(500, {}, 'x'.repeat(1_000_000));

    expect(await send()).toMatchObject({ error: { details: { body: 'x'.repeat(2_048) } } });
  });

  test('whose body never ends fails all the same', async () => {
    answer = (_request, response) => response.writeHead(500).write('so far');

    expect(await send()).toMatchObject({ error: { code: 'http_status', details: { body: 'so far' } } });
  });

  test('does not show the query, where keys are often put', async () => {
    refuse(500);
    const outcome = await send({ query: { key: 'top-secret' } });

    expect(outcome).toMatchObject({ error: { message: `GET ${server.base}/ answered 500` } });
  });
});

describe('a redirect', () => {
  const redirect = (status: number, location: string) => {
    answer = (request, response) =>
      request.url === '/' ? response.writeHead(status, { location }).end() : mirror(request, response);
  };

  test('is followed', async () => {
    redirect(302, '/next');

    expect(await send()).toMatchObject({ output: { status: 200, body: { method: 'GET', url: '/next' } } });
  });

  test('is an answer like any other when it is not to be followed', async () => {
    redirect(302, '/next');

    expect(await send({ followRedirects: false })).toMatchObject({
      kind: 'succeeded',
      output: { status: 302, headers: { location: '/next' } },
    });
  });

  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', '"x"'],
    [308, 'POST', '"x"'],
  ])('with status %d makes a POST a %s with the body %j', async (status, method, body) => {
    redirect(status, '/next');

    expect(await send({ method: 'POST', json: 'x' })).toMatchObject({ output: { body: { method, body } } });
  });

  test('to another origin takes no credentials along', async () => {
    answer = (_request, response) => response.writeHead(307, { location: other.base }).end();
    const outcome = await send({ headers: { Authorization: 'top', 'X-Api-Key': 'top', Accept: 'text/x' } });

    expect(outcome).toMatchObject({ kind: 'succeeded', output: { body: expect.stringContaining('text/x') } });
    expect(JSON.stringify(outcome)).not.toContain('top');
  });

  test('to an address that is not public is not followed, for good', async () => {
    redirect(302, 'http://169.254.169.254/latest/meta-data/');

    expect(await send()).toMatchObject({
      kind: 'failed',
      error: { code: 'address_refused', retryable: false, message: expect.stringContaining('WEFT_ALLOW_PRIVATE') },
    });
  });

  test('on the same origin keeps the headers', async () => {
    redirect(307, '/next');

    expect(await send({ headers: { 'X-Api-Key': 'top' } })).toMatchObject({
      output: { body: { headers: { 'x-api-key': 'top' } } },
    });
  });

  test.each(['file:///etc/passwd', 'http://', 'http://a:b@desk.example/'])('to %s is refused', async (location) => {
    redirect(302, location);

    expect(await send()).toMatchObject({ kind: 'failed', error: { code: 'bad_redirect', retryable: false } });
  });

  test('in a circle ends', async () => {
    let requests = 0;
    answer = (_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/' }).end();
    };

    expect(await send()).toMatchObject({ error: { code: 'too_many_redirects', retryable: false } });
    expect(requests).toBe(11);
  });
});

describe('the network', () => {
  test('that refuses the connection makes a retryable failure', async () => {
    const gone = await startServer(() => undefined);
    await gone.close();

    expect(await send({ url: gone.base })).toMatchObject({
      kind: 'failed',
      error: { code: 'network_error', retryable: true, details: { cause: 'ECONNREFUSED' } },
    });
  });

  test('that breaks off makes a retryable failure, before and within the body', async () => {
    answer = (request) => request.socket.destroy();
    expect(await send()).toMatchObject({ error: { code: 'network_error', retryable: true } });

    answer = (request, response) => {
      response.setHeader('content-length', '100');
      response.write('half', () => request.socket.destroy());
    };
    expect(await send()).toMatchObject({ error: { code: 'network_error', retryable: true } });
  });

  test('that no request can use makes a failure that is not retried', async () => {
    // Port 1 is on the list of ports that fetch never opens.
    expect(await send({ url: 'http://127.0.0.1:1/' })).toMatchObject({
      error: { code: 'network_error', retryable: false },
    });
  });
});

test('an abort closes the connection of a request that nobody answers', async () => {
  const controller = new AbortController();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  answer = (request) => {
    request.socket.once('close', () => resolve());
    controller.abort(new Error('timeout'));
  };

  expect(await send({}, { signal: controller.signal })).toMatchObject({
    kind: 'failed',
    error: { code: 'aborted', message: expect.stringContaining('timeout') },
  });
  await closed;
});
