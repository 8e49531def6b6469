import { freePort } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openProtocol, protocolCall } from './protocol-call.ts';
import { serveJson, status } from './json-server.ts';

const SECRET = 'sk-very-secret-0123456789';

describe('a webhook', () => {
  test('gets the message under both names with the session, and its answer is `response`', async () => {
    const { url, received } = await serveJson({ response: 'Hello.' });
    const call = protocolCall(url, { target: { token: SECRET } });

    expect(await openProtocol('webhook').call(call)).toEqual({ kind: 'answered', text: 'Hello.', output: 'Hello.' });
    expect(received).toEqual([
      {
        method: 'POST',
        path: '/hook',
        headers: expect.objectContaining({ authorization: `Bearer ${SECRET}`, 'idempotency-key': 'task-1' }),
        body: {
          message: 'Say hello.',
          text: 'Say hello.',
          session_key: 'run_1_step_a',
          session_id: 'run_1_step_a',
        },
      },
    ]);
  });

  test('is told what the endpoint is configured to tell, and the tools', async () => {
    const { url, received } = await serveJson({ response: '' });
    const options = { mode: 'fast', callbackUrl: 'http://127.0.0.1/back', maxIterations: 5, state: { a: 1 } };
    const tools = [{ name: 'search', description: 'finds', parameters: { type: 'object' } }];
    await openProtocol('webhook').call(protocolCall(url, { target: { options }, tools }));

    expect(received[0]?.body).toMatchObject({
      mode: 'fast',
      callback_url: 'http://127.0.0.1/back',
      max_iterations: 5,
      state: { a: 1 },
      tools,
    });
  });

  test('may want its token in a header of its own', async () => {
    const { url, received } = await serveJson({ response: 'x' });
    const target = { token: SECRET, options: { tokenHeader: 'x-api-key' } };
    await openProtocol('webhook').call(protocolCall(url, { target }));

    expect(received[0]?.headers).toMatchObject({ 'x-api-key': SECRET });
    expect(received[0]?.headers).not.toHaveProperty('authorization');
  });

  test('needs a path', async () => {
    const client = openProtocol('webhook');

    expect(client.checkUrl('http://127.0.0.1:9')).toBe('a webhook has a path: http://host/path');
    expect(client.checkUrl('ftp://127.0.0.1/x')).toBe('only http and https are allowed');
    expect(client.checkUrl('http://127.0.0.1:9/hook')).toBeNull();
    expect(await client.call(protocolCall('http://127.0.0.1:9/'))).toMatchObject({
      kind: 'failed',
      isFault: true,
      error: { code: 'bad_endpoint_url', retryable: false },
    });
  });

  test('with options that it does not know says which', async () => {
    const client = openProtocol('webhook');
    const target = { options: { maxIterations: 0 } };

    expect(await client.call(protocolCall('http://127.0.0.1:9/hook', { target }))).toMatchObject({
      error: { code: 'bad_endpoint_options', message: expect.stringContaining('options.maxIterations') },
    });
    expect(client.checkOptions({ modes: 1 })).toContain('modes');
  });
});

describe('the API of a chat', () => {
  test('gets message and session, and its answer is `reply`', async () => {
    const { url, received } = await serveJson({
      reply: '{"answer": 42}',
      usage: { input_tokens: 3, output_tokens: 4 },
    });

    expect(await openProtocol('api_chat').call(protocolCall(url))).toEqual({
      kind: 'answered',
      text: '{"answer": 42}',
      output: { answer: 42 },
      usage: { inputTokens: 3, outputTokens: 4, usd: 0 },
    });
    expect(received[0]?.body).toEqual({ message: 'Say hello.', session_id: 'run_1_step_a' });
  });
});

describe('an endpoint over HTTP that', () => {
  const ask = async (...replies: Parameters<typeof serveJson>) => {
    const { url } = await serveJson(...replies);
    const call = protocolCall(url, { target: { token: SECRET }, maxBytes: 100_000 });
    const result = await openProtocol('webhook').call(call);
    expect(JSON.stringify([result, call.told])).not.toContain(SECRET);
    return result;
  };
  const failure = (code: string, retryable: boolean, isFault: boolean) => ({
    kind: 'failed',
    isFault,
    error: { code, retryable },
  });

  test('is down fails with network_error', async () => {
    const url = `http://127.0.0.1:${await freePort()}/hook?key=hidden`;
    const result = await openProtocol('webhook').call(protocolCall(url));

    expect(result).toMatchObject({
      ...failure('network_error', true, true),
      error: { details: { cause: 'ECONNREFUSED' } },
    });
    expect(JSON.stringify(result)).not.toContain('hidden');
  });

  test('is slow is given up when the call is aborted', async () => {
    const { url } = await serveJson(() => undefined);
    const result = await openProtocol('webhook').call(protocolCall(url, { signal: AbortSignal.timeout(50) }));

    expect(result).toMatchObject(failure('aborted', true, false));
  });

  test('answers a page fails with bad_response', async () => {
    const page = status(200, `<html>${SECRET}</html>`, { 'content-type': 'text/html' });

    expect(await ask(page)).toMatchObject({
      ...failure('bad_response', true, true),
      error: { details: { contentType: 'text/html', body: '<html>***</html>' } },
    });
  });

  test.each([['[1]'], ['"text"'], ['null'], ['42']])(
    'answers %s, which is no object, fails with bad_response',
    async (text) => {
      expect(await ask(status(200, text, { 'content-type': 'application/json' }))).toMatchObject(
        failure('bad_response', true, true),
      );
    },
  );

  test('answers JSON that is nested without end fails with bad_response', async () => {
    const nested = (depth: number) => `{"response":${'['.repeat(depth)}${']'.repeat(depth)}}`;

    expect(await ask(status(200, nested(10_000)))).toMatchObject(failure('bad_response', true, true));
    expect(await ask(status(200, nested(199)))).toMatchObject({ kind: 'answered' });
  });

  test.each([
    ['{"input_tokens":1e308,"output_tokens":-5,"usd":1e308}', { inputTokens: 0, outputTokens: 0, usd: 0 }],
    ['{"input_tokens":1.5,"output_tokens":"NaN","usd":1e400}', { inputTokens: 2, outputTokens: 0, usd: 0 }],
  ])('claims to have used %s is believed where it makes sense', async (usage, believed) => {
    expect(await ask(status(200, `{"response":"x","usage":${usage}}`))).toMatchObject({ usage: believed });
  });

  test('wants to be left alone for ever is left alone for an hour', async () => {
    const answer = status(200, '{"response":"x","rate_limit":{"remaining":0,"reset_ms":1e308}}');

    expect(await ask(answer)).toMatchObject({ rateLimit: { resetMs: 3_600_000 } });
    expect(await ask(status(429, 'no', { 'retry-after': '9'.repeat(500) }))).toMatchObject({ retryAfterMs: 3_600_000 });
  });

  test('answers 200 with an error fails with its message, whatever stands beside', async () => {
    expect(await ask({ response: 'fine', error: { message: `no ${SECRET}`, code: 'x1' } })).toMatchObject({
      ...failure('endpoint_error', true, true),
      error: { message: 'The endpoint reports: no ***', details: { code: 'x1' } },
    });
  });

  test('F42: sends 100 MB is cut off at the limit', async () => {
    let sent = 0;
    const flood = await ask((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(65_536, 'x');
      const more = (): void => {
        while (!response.destroyed && sent < 104_857_600) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      more();
    });

    expect(flood).toMatchObject(failure('response_too_large', false, true));
    expect(sent).toBeLessThan(20_000_000);
  });

  test('closes in the middle of its answer fails with stream_cut', async () => {
    const cut = await ask((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"response": "hal', () => response.destroy());
    });

    expect(cut).toMatchObject(failure('stream_cut', true, true));
  });

  test.each([[301], [302], [307], [308]])(
    'redirects (%i) fails, and nothing is sent to where it leads',
    async (code) => {
      const secret = await serveJson({ response: 'the metadata of this machine' });

      expect(await ask(status(code, '', { location: secret.url }))).toMatchObject({
        ...failure('endpoint_redirected', false, true),
        error: { details: { status: code } },
      });
      expect(secret.received).toEqual([]);
    },
  );

  test.each([[401], [403]])(
    'refuses its token (%i) fails with endpoint_unauthorized, which names it alone',
    async (code) => {
      expect(await ask(status(code, { error: { message: `bad key ${SECRET}` } }))).toMatchObject({
        ...failure('endpoint_unauthorized', false, true),
        error: { message: `The endpoint desk refused its token (${code})` },
      });
    },
  );

  test('has a token that no header can carry says so', async () => {
    const target = { token: 'line\nbreak' };

    expect(await openProtocol('webhook').call(protocolCall('http://127.0.0.1:9/hook', { target }))).toMatchObject(
      failure('bad_endpoint_token', false, true),
    );
  });

  test('F60: wants to be left alone says how long, and that is no fault', async () => {
    const headers = { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2m3s' };

    expect(await ask(status(429, 'slow down', headers))).toEqual({
      ...failure('http_status', true, false),
      error: expect.objectContaining({ code: 'http_status', retryable: true }),
      retryAfterMs: 7000,
      rateLimit: { remaining: 0, resetMs: 123_000 },
    });
  });

  test.each([
    [500, true, true],
    [503, true, true],
    [404, false, true],
    [400, false, false],
    [422, false, false],
  ])('answers %i fails with http_status (retryable: %s, fault: %s)', async (code, retryable, isFault) => {
    expect(await ask(status(code, 'no'))).toMatchObject({
      ...failure('http_status', retryable, isFault),
      error: { details: { status: code } },
    });
  });

  test('tells its rate limit in its answer or beside it: the answer counts more', async () => {
    const headers = { 'x-ratelimit-remaining': '5', 'x-ratelimit-limit': '10', 'x-ratelimit-reset': '30' };
    const inside = { response: 'x', rate_limit: { remaining: 1, limit: 9, reset_ms: 500 } };

    expect(await ask(status(200, { response: 'x' }, headers))).toMatchObject({
      rateLimit: { remaining: 5, limit: 10, resetMs: 30_000 },
    });
    expect(await ask(status(200, inside, headers))).toMatchObject({
      rateLimit: { remaining: 1, limit: 9, resetMs: 500 },
    });
  });
});

describe('the health of an endpoint over HTTP', () => {
  test.each([
    [200, true],
    [404, true],
    [405, true],
    [302, true],
    [500, false],
    [503, false],
  ])('is, by a status of %i: %s', async (code, isHealthy) => {
    const { url, received } = await serveJson(status(code, '', { location: 'http://127.0.0.1:9/' }));
    const target = protocolCall(url, { target: { token: SECRET } }).target;
    const probe = await openProtocol('webhook').probe(target, null, AbortSignal.timeout(5000));

    expect(probe).toEqual({ isHealthy, detail: `GET ${url} answered ${code}` });
    expect(received[0]).toMatchObject({ method: 'GET', headers: { authorization: `Bearer ${SECRET}` } });
  });

  test('is asked for at another address without the token', async () => {
    const { url, received } = await serveJson(status(200));
    const { target } = protocolCall('http://127.0.0.1:9/hook', { target: { token: SECRET } });
    const signal = AbortSignal.timeout(5000);

    expect(await openProtocol('webhook').probe(target, url, signal)).toMatchObject({ isHealthy: true });
    expect(received[0]?.headers).not.toHaveProperty('authorization');
    expect(await openProtocol('webhook').probe(target, null, signal)).toMatchObject({ isHealthy: false });
  });
});
