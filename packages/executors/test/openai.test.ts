import type { Json, JsonObject } from '@weft/contract';
import { executorCall } from '@weft/testkit/conformance/executor';
import type { ChatRequest, OpenaiServer, ScriptedAnswer } from '@weft/testkit/openai-server';
import { startOpenaiServer } from '@weft/testkit/openai-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import openai from '../src/builtin/openai.ts';

let server: OpenaiServer;
let answer: ScriptedAnswer;

beforeAll(async () => {
  server = await startOpenaiServer(() => answer);
});

afterAll(() => server.close());

beforeEach(() => {
  answer = { kind: 'completion', pieces: ['Hello', ', ', 'world'], usage: [12, 3] };
});

afterEach(() => vi.unstubAllEnvs());

type Parts = Parameters<typeof executorCall>[1];

const ask = (input: JsonObject = {}, parts: Parts = {}) =>
  openai.run(
    executorCall(
      { baseUrl: server.baseUrl, model: 'small', ...(input['messages'] ? {} : { prompt: 'Hi' }), ...input },
      parts,
    ),
  );

/** Asks, and gives what the server received. */
async function sent(input: JsonObject, parts: Parts = {}): Promise<ChatRequest> {
  expect(await ask(input, parts)).toMatchObject({ kind: 'succeeded' });
  const request = server.requests.at(-1);
  return request ?? expect.fail('nothing was sent');
}

const raw = (body: string | string[], contentType?: string): ScriptedAnswer => ({
  kind: 'raw',
  body,
  ...(contentType === undefined ? {} : { contentType }),
});

const event = (data: Json) => `data: ${JSON.stringify(data)}\n\n`;
const piece = (content: string) => event({ choices: [{ index: 0, delta: { content } }] });
const END = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });

describe('a request', () => {
  test('carries a prompt as one message, and asks for a stream with usage', async () => {
    const { path, headers, body } = await sent({ prompt: 'Say grüezi' }, { idempotencyKey: 'key-1' });

    expect(path).toBe('/v1/chat/completions');
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'key-1' });
    expect(headers.authorization).toBeUndefined();
    expect(body).toEqual({
      model: 'small',
      messages: [{ role: 'user', content: 'Say grüezi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test('carries messages without the ids that a state gives them', async () => {
    const calls = [{ id: 'call-1', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const messages = [
      { role: 'system', content: 'Be short.', id: 'msg_0' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'ada', id: 7 },
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', content: '4', tool_call_id: 'call-1' },
    ];

    const { body } = await sent({ messages });

    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'ada' },
      ...messages.slice(2),
    ]);
  });

  test('carries the key, the options by their names in the protocol, and what else is asked for', async () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const { headers, body } = await sent({
      apiKey: 'sk-test',
      temperature: 0.5,
      maxTokens: 100,
      stop: ['END'],
      responseFormat: { type: 'text' },
      tools,
      toolChoice: 'auto',
      extra: { seed: 7, top_p: 0.9 },
      stream: false,
    });

    expect(headers.authorization).toBe('Bearer sk-test');
    expect(body).toEqual({
      model: 'small',
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0.5,
      max_tokens: 100,
      stop: ['END'],
      response_format: { type: 'text' },
      tools,
      tool_choice: 'auto',
      seed: 7,
      top_p: 0.9,
      stream: false,
    });
  });

  test('goes below the base whatever its slashes, and keeps its query', async () => {
    expect(await sent({ baseUrl: `${server.baseUrl}//?api-version=1` })).toMatchObject({
      path: '/v1/chat/completions?api-version=1',
    });
  });

  test("goes to the worker's own server when it names none", async () => {
    vi.stubEnv('WEFT_OPENAI_BASE_URL', server.baseUrl);
    const call = executorCall({ model: 'small', prompt: 'Hi' });
    expect(await openai.run(call)).toMatchObject({ output: { text: 'Hello, world' } });

    vi.stubEnv('WEFT_OPENAI_BASE_URL', 'models.example');
    expect(await openai.run(call)).toMatchObject({ error: { code: 'bad_base_url', retryable: false } });
  });

  test.each<[string, JsonObject]>([
    ['/messages', { prompt: 'Hi', messages: [{ role: 'user', content: 'Hi' }] }],
    ['/messages', { messages: [] }],
    ['/messages/0/role', { messages: [{ role: 'robot', content: 'Hi' }] }],
    ['/prompt', { prompt: '' }],
    ['/model', { model: '' }],
    ['/baseUrl', { baseUrl: 'file:///etc/passwd' }],
    ['/baseUrl', { baseUrl: 'http://user:password@models.example/v1' }],
    ['/apiKey', { apiKey: 'a\r\nInjected: b' }],
    ['/temperature', { temperature: 3 }],
    ['/maxTokens', { maxTokens: 0 }],
    ['/responseFormat', { responseFormat: { type: 'xml' } }],
    ['/extra/messages', { extra: { messages: [] } }],
    ['/extra/n', { extra: { n: 2 } }],
    ['/nobodyKnowsThis', { nobodyKnowsThis: 1 }],
  ])('is not sent when %s does not fit', async (pointer, input) => {
    const before = server.requests.length;
    const outcome = await ask(input);

    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'invalid_input', retryable: false } });
    const pointers = outcome.kind === 'failed' ? (outcome.error.details?.['errors'] as { pointer: string }[]) : [];
    expect(pointers.map((error) => error.pointer).some((found) => found.startsWith(pointer))).toBe(true);
    expect(server.requests).toHaveLength(before);
  });

  test('without prompt and messages is not sent, and a key that does not fit is not told', async () => {
    expect(await openai.run(executorCall({ model: 'small' }))).toMatchObject({
      error: { code: 'invalid_input', details: { errors: [{ pointer: '/prompt' }] } },
    });
    expect(JSON.stringify(await ask({ apiKey: 'sk-sécret' }))).not.toContain('cret');
  });
});

describe.each([true, false])('an answer (stream: %s)', (stream) => {
  test('gives text, message, reason and usage', async () => {
    expect(await ask({ stream })).toEqual({
      kind: 'succeeded',
      output: {
        text: 'Hello, world',
        message: { role: 'assistant', content: 'Hello, world' },
        finishReason: 'stop',
        model: 'small',
      },
      usage: { inputTokens: 12, outputTokens: 3, usd: 0 },
      placed: { endpoint: expect.any(String), model: 'small', why: {} },
    });
  });

  test('may come without usage', async () => {
    answer = { kind: 'completion', pieces: ['ok'], usage: null };
    expect(await ask({ stream })).not.toHaveProperty('usage');
  });

  test('may end for lack of room', async () => {
    answer = { kind: 'completion', pieces: ['Once upon'], finishReason: 'length' };
    expect(await ask({ stream })).toMatchObject({ output: { text: 'Once upon', finishReason: 'length' } });
  });

  test('may call tools instead', async () => {
    const toolCalls = [
      { id: 'call-1', name: 'add', arguments: ['{"a":', '1}'] },
      { id: 'call-2', name: 'now', arguments: ['{}'] },
    ];
    answer = { kind: 'completion', toolCalls, finishReason: 'tool_calls' };

    expect(await ask({ stream, responseFormat: { type: 'json_object' } })).toMatchObject({
      output: {
        text: '',
        finishReason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call-1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
            { id: 'call-2', type: 'function', function: { name: 'now', arguments: '{}' } },
          ],
        },
      },
    });
  });

  test('may be a refusal', async () => {
    answer = { kind: 'completion', refusal: 'I will not.' };
    expect(await ask({ stream })).toMatchObject({
      output: { text: '', message: { content: null, refusal: 'I will not.' } },
    });
  });

  test('that should be JSON is parsed', async () => {
    answer = { kind: 'completion', pieces: ['{"kind":', '"bug"}'] };
    const responseFormat = { type: 'json_schema', json_schema: { name: 'kind', schema: {} } };

    expect(await ask({ stream, responseFormat })).toMatchObject({ output: { value: { kind: 'bug' } } });
    expect(server.requests.at(-1)?.body['response_format']).toEqual(responseFormat);
  });

  test.each([
    ['stop', true],
    ['length', false],
  ])('that should be JSON and is not fails (%s), and is paid for', async (finishReason, retryable) => {
    answer = { kind: 'completion', pieces: ['{"kind":'], finishReason, usage: [12, 3] };

    expect(await ask({ stream, responseFormat: { type: 'json_object' } })).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_json', retryable, details: { finishReason, text: '{"kind":' } },
      usage: { inputTokens: 12, outputTokens: 3 },
    });
  });

  test('withheld by a content filter fails, and is paid for', async () => {
    answer = { kind: 'completion', pieces: ['Take a'], finishReason: 'content_filter', usage: [12, 2] };

    expect(await ask({ stream })).toMatchObject({
      kind: 'failed',
      error: { code: 'content_filter', retryable: false, details: { text: 'Take a' } },
      usage: { inputTokens: 12, outputTokens: 2 },
    });
  });

  test('with more text than is allowed fails', async () => {
    answer = { kind: 'completion', pieces: ['äää', 'äää'] };
    expect(await ask({ stream, maxBytes: 11 })).toMatchObject({
      error: { code: 'response_too_large', retryable: false, details: { maxBytes: 11 } },
    });
    expect(await ask({ stream, maxBytes: 12 })).toMatchObject({ kind: 'succeeded' });
  });
});

describe('a stream', () => {
  test('tells how it grows, and is alive with every piece', async () => {
    answer = { kind: 'completion', pieces: Array.from({ length: 200 }, (_, n) => `word${n} `) };
    const [beats, pieces]: [(Json | undefined)[], string[]] = [[], []];
    const parts = { heartbeat: (beat?: Json) => beats.push(beat), token: (text: string) => pieces.push(text) };
    const outcome = await ask({}, parts);

    const progress = beats.filter((beat) => beat !== undefined) as { textLength: number }[];
    const text = pieces.join('');
    expect([outcome, pieces.length]).toMatchObject([{ output: { text } }, 200]);
    expect([progress.at(-1)?.textLength, progress.length < 50]).toEqual([text.length, true]);
    expect(beats).toContain(undefined);
  });

  test('is taken as it comes: comments, odd chunks, an end without [DONE]', async () => {
    answer = raw([
      ': PROCESSING\n\n',
      event({ choices: [], prompt_filter_results: [] }),
      event({ choices: null, usage: { prompt_tokens: 1, completion_tokens: 1 } }),
      event({ choices: [{ index: 1, delta: { content: 'another choice' } }] }),
      event({ choices: [{ delta: { content: [{ type: 'text', text: 'in ' }], reasoning_content: 'hm' } }] }),
      piece('parts'),
      event({ choices: [{ index: 0, delta: null, finish_reason: 'stop' }], error: null }),
      event({ usage: { input_tokens: 8, output_tokens: 2 } }),
    ]);

    expect(await ask()).toMatchObject({
      output: { text: 'in parts', finishReason: 'stop', model: null },
      usage: { inputTokens: 8, outputTokens: 2 },
    });
  });

  test('without indices puts the calls of tools together by their ids', async () => {
    const call = (parts: JsonObject) => event({ choices: [{ index: 0, delta: { tool_calls: [parts] } }] });
    answer = raw([
      call({ id: 'a', function: { name: 'f', arguments: '{"x"' } }),
      call({ function: { arguments: ':1}' } }),
      call({ id: 'b', function: { name: 'g', arguments: '{}' } }),
      END,
    ]);

    expect(await ask()).toMatchObject({
      output: {
        message: {
          tool_calls: [
            { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'b', function: { name: 'g', arguments: '{}' } },
          ],
        },
      },
    });
  });

  test('that was not asked for is read all the same, and one that was may come whole', async () => {
    answer = raw([piece('streamed'), END, 'data: [DONE]\n\n']);
    expect(await ask({ stream: false })).toMatchObject({ output: { text: 'streamed' } });

    const whole = { choices: [{ message: { content: 'whole' }, finish_reason: 'stop' }] };
    answer = raw(JSON.stringify(whole), 'application/json');
    expect(await ask()).toMatchObject({ output: { text: 'whole' } });
  });

  test.each<['cut' | 'end', string | null]>([
    ['cut', 'UND_ERR_SOCKET'],
    ['end', null],
  ])('that breaks off in the middle (%s) is tried again', async (fault, cause) => {
    answer = { kind: 'completion', pieces: ['Hello', ' w'], fault };

    expect(await ask()).toMatchObject({
      kind: 'failed',
      error: { code: 'stream_cut', retryable: true, details: { cause, textLength: expect.any(Number) } },
    });
  });

  test.each([
    ['no JSON', 'data: {"choi\n\n'],
    ['another thing', event({ choices: 'none' })],
    ['a number', event(7)],
  ])('that holds %s is tried again', async (_title, body) => {
    answer = raw([piece('Hello'), event({ usage: { prompt_tokens: 5, completion_tokens: 1 } }), body]);

    expect(await ask()).toMatchObject({
      error: { code: 'bad_stream', retryable: true },
      usage: { inputTokens: 5, outputTokens: 1 },
    });
  });

  test.each<[Json, boolean]>([
    [{ message: 'queue is full', code: 503 }, true],
    [{ message: 'slow down', code: 'rate_limit_exceeded' }, true],
    ['overloaded', true],
    [{ message: 'too long', code: 400 }, false],
    [{ message: 'too long', type: 'invalid_request_error', code: null }, false],
    [{ message: 'no money', code: 'insufficient_quota' }, false],
  ])('that reports %j fails with it', async (error, retryable) => {
    const message = typeof error === 'string' ? error : ((error as JsonObject)['message'] as string);
    answer = raw([piece('Hello'), event({ error, choices: [] }), 'data: [DONE]\n\n']);

    expect(await ask()).toMatchObject({
      error: { code: 'model_error', message: expect.stringContaining(message), retryable },
    });
  });

  test('that ends in an error, or without any choice, is tried again', async () => {
    answer = { kind: 'completion', pieces: ['Hel'], finishReason: 'error' };
    expect(await ask()).toMatchObject({ error: { code: 'model_error', retryable: true } });

    answer = raw('data: [DONE]\n\n');
    expect(await ask()).toMatchObject({ error: { code: 'bad_response', retryable: true } });
  });

  test('with an event beyond all measure fails', async () => {
    answer = raw([`data: ${'x'.repeat(1_100_000)}\n\n`]);
    expect(await ask()).toMatchObject({ error: { code: 'response_too_large', retryable: false } });
  });

  test('is left alone as soon as the signal says so', async () => {
    answer = { kind: 'completion', pieces: ['Hello'], fault: 'hang' };
    const controller = new AbortController();
    const heartbeat = (progress?: Json) => progress !== undefined && controller.abort(new Error('cancelled'));
    const startedAt = performance.now();

    expect(await ask({}, { signal: controller.signal, heartbeat })).toMatchObject({
      error: { code: 'aborted', retryable: true },
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('a refusal of the server', () => {
  test.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])('%i, retried: %s', async (status, retryable) => {
    answer = { kind: 'status', status, error: { message: 'because', type: 'x', code: null } };

    expect(await ask()).toMatchObject({
      kind: 'failed',
      error: {
        code: 'http_status',
        message: `POST ${server.baseUrl}/chat/completions answered ${status}: because`,
        retryable,
        details: { status },
      },
    });
  });

  test('says when to come back', async () => {
    answer = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };
    expect(await ask()).toMatchObject({ error: { retryable: true }, retryAfterMs: 7_000 });
  });

  test('for lack of money is final, although it is a 429', async () => {
    const error = { message: 'You exceeded your quota', type: 'insufficient_quota', code: 'insufficient_quota' };
    answer = { kind: 'status', status: 429, error, headers: { 'retry-after': '7' } };
    const outcome = await ask();

    expect(outcome).toMatchObject({ error: { code: 'http_status', retryable: false } });
    expect(outcome).not.toHaveProperty('retryAfterMs');
  });

  test('may be a page of a proxy', async () => {
    answer = {
      kind: 'status',
      status: 502,
      body: '<html>Bad Gateway</html>',
      headers: { 'content-type': 'text/html' },
    };
    expect(await ask()).toMatchObject({
      error: { code: 'http_status', retryable: true, details: { body: '<html>Bad Gateway</html>' } },
    });
  });

  test('is also a redirect: neither prompt nor key goes elsewhere', async () => {
    const before = server.requests.length;
    answer = { kind: 'status', status: 307, headers: { location: `${server.baseUrl}/elsewhere` } };

    expect(await ask()).toMatchObject({ error: { code: 'http_status', retryable: false, details: { status: 307 } } });
    expect(server.requests).toHaveLength(before + 1);
  });
});

describe('something else than a model', () => {
  test.each([
    ['a page', '<html>', 'text/html'],
    ['no JSON', '{"choices', 'application/json'],
    ['other JSON', '[1]', 'application/json'],
  ])('that answers with %s is not asked again', async (_title, body, contentType) => {
    answer = raw(body, contentType);
    expect(await ask()).toMatchObject({ error: { code: 'bad_response', retryable: false, details: { body } } });
  });

  test('that reports an error with status 200 fails with it', async () => {
    answer = raw(JSON.stringify({ error: { message: 'no such model', code: 404 } }), 'application/json');
    expect(await ask()).toMatchObject({
      error: { code: 'model_error', message: expect.stringContaining('no such model'), retryable: false },
    });
  });

  test('that is not there is asked again', async () => {
    const gone = await startOpenaiServer(() => answer);
    await gone.close();

    expect(await ask({ baseUrl: gone.baseUrl })).toMatchObject({
      error: { code: 'network_error', retryable: true, details: { cause: 'ECONNREFUSED' } },
    });
  });
});
