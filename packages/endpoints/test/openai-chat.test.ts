import type { Tool } from '@weft/endpoints';
import { startOpenaiServer } from '@weft/testkit/openai-server';
import type { ScriptedAnswer } from '@weft/testkit/openai-server';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openProtocol, protocolCall } from './protocol-call.ts';
import type { CallParts } from './protocol-call.ts';

const SECRET = 'sk-very-secret-0123456789';
const SEARCH: Tool = { name: 'search', description: 'Finds.', parameters: { type: 'object' } };

async function ask(answer: ScriptedAnswer, parts: CallParts = {}, path = '') {
  const server = await startOpenaiServer(() => answer);
  onTestFinished(() => server.close());
  const target = { model: 'small', token: SECRET, ...parts.target };
  const call = protocolCall(`${server.baseUrl}${path}`, { ...parts, target });
  const result = await openProtocol('openai_chat').call(call);
  expect(JSON.stringify([result, call.told])).not.toContain(SECRET);
  return { result, told: call.told, request: server.requests[0] };
}

describe('a model', () => {
  test('is asked with all that was said, and its answer is told as it comes', async () => {
    const messages = [
      { role: 'user', content: 'Find it.' },
      { role: 'assistant', content: null, toolCalls: [{ id: 'c1', name: 'search', arguments: { q: 'it' } }] },
      { role: 'tool', content: 'found', toolCallId: 'c1' },
    ] as const;
    const answer: ScriptedAnswer = { kind: 'completion', pieces: ['Hel', 'lo.'], usage: [12, 5] };
    const { result, told, request } = await ask(answer, { messages, maxOutputTokens: 99 });

    expect(result).toEqual({
      kind: 'answered',
      text: 'Hello.',
      output: 'Hello.',
      model: 'small',
      usage: { inputTokens: 12, outputTokens: 5, usd: 0 },
    });
    expect(told.tokens.join('')).toBe('Hello.');
    expect(request).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${SECRET}`, 'idempotency-key': 'task-1' },
      body: {
        model: 'small',
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: 99,
        messages: [
          { role: 'user', content: 'Find it.' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q":"it"}' } }],
          },
          { role: 'tool', content: 'found', tool_call_id: 'c1' },
        ],
      },
    });
  });

  test('is asked in one piece where its endpoint says so, with what it wants beside', async () => {
    const options = { stream: false, temperature: 0, system: 'Be brief.', extra: { seed: 7 } };
    const answer: ScriptedAnswer = { kind: 'completion', pieces: ['Hello.'], usage: [1, 2] };
    const { result, request } = await ask(answer, { target: { options } }, '/chat/completions');

    expect(result).toMatchObject({ kind: 'answered', text: 'Hello.', usage: { inputTokens: 1, outputTokens: 2 } });
    expect(request).toMatchObject({
      path: '/v1/chat/completions',
      body: { stream: false, temperature: 0, seed: 7, messages: [{ role: 'system', content: 'Be brief.' }, {}] },
    });
  });

  test('may call tools instead of answering', async () => {
    const toolCalls = [
      { id: 'c1', name: 'search', arguments: ['{"q":', ' "it"}'] },
      { id: 'c2', name: 'now', arguments: [] },
      { id: 'c3', name: 'odd', arguments: ['{"q":'] },
    ];
    const { result, request } = await ask(
      { kind: 'completion', toolCalls, finishReason: 'tool_calls' },
      { tools: [SEARCH] },
    );

    expect(result).toMatchObject({
      kind: 'answered',
      text: '',
      toolCalls: [
        { id: 'c1', name: 'search', arguments: { q: 'it' } },
        { id: 'c2', name: 'now', arguments: {} },
        { id: 'c3', name: 'odd', arguments: '{"q":' },
      ],
    });
    expect(request?.body['tools']).toEqual([{ type: 'function', function: SEARCH }]);
  });

  test.each([
    [{}, { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } }],
    [
      { strictSchema: true },
      { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } },
    ],
    [{ structuredOutput: 'json_object' }, { type: 'json_object' }],
    [{ structuredOutput: 'none' }, undefined],
  ])('is told the schema of its answer (%j), in which nothing is control', async (options, format) => {
    const answer: ScriptedAnswer = { kind: 'completion', pieces: ['{"goto": "next"}'] };
    const { result, request } = await ask(answer, { outputSchema: { type: 'object' }, target: { options } });

    expect(request?.body['response_format']).toEqual(format);
    expect(result).toMatchObject({ kind: 'answered', output: { goto: 'next' } });
    expect(result).not.toHaveProperty('goto');
  });

  test('may steer the run where it was not given a schema', async () => {
    const { result } = await ask({ kind: 'completion', pieces: ['{"goto": "next", "state_updates": {"a": 1}}'] });

    expect(result).toMatchObject({ goto: ['next'], stateUpdates: { a: 1 } });
  });
});

describe('a model that', () => {
  test.each<[string, ScriptedAnswer, string, boolean, boolean]>([
    ['breaks off', { kind: 'completion', pieces: ['Hel'], fault: 'cut' }, 'stream_cut', true, true],
    [
      'ends too early',
      { kind: 'completion', pieces: ['Hel'], fault: 'end', finishReason: null },
      'stream_cut',
      true,
      true,
    ],
    ['answers a page', { kind: 'raw', contentType: 'text/html', body: '<html>' }, 'bad_response', false, true],
    ['streams garbage', { kind: 'raw', body: 'data: {"a"\n\n' }, 'bad_stream', true, true],
    [
      'reports an error in its stream',
      { kind: 'raw', body: 'data: {"error": {"message": "busy"}}\n\n' },
      'model_error',
      true,
      true,
    ],
    [
      'reports an error of the request',
      { kind: 'raw', body: 'data: {"error": {"message": "no", "code": 400}}\n\n' },
      'model_error',
      false,
      false,
    ],
    ['says nothing', { kind: 'completion', pieces: [] }, 'missing_output', true, true],
    ['refuses', { kind: 'completion', refusal: 'No.' }, 'model_refused', false, false],
    ['withholds its answer', { kind: 'completion', finishReason: 'content_filter' }, 'content_filter', false, false],
    ['is overloaded', { kind: 'status', status: 503 }, 'http_status', true, true],
    ['is asked wrongly', { kind: 'status', status: 400, error: { message: 'bad tool' } }, 'http_status', false, false],
    [
      'redirects',
      { kind: 'status', status: 307, headers: { location: 'http://169.254.169.254/' } },
      'endpoint_redirected',
      false,
      true,
    ],
    [
      'does not let it in',
      { kind: 'status', status: 401, error: { message: `no ${SECRET}` } },
      'endpoint_unauthorized',
      false,
      true,
    ],
    [
      'is not there',
      { kind: 'status', status: 404, error: { message: 'The model `small` does not exist.' } },
      'unknown_model',
      false,
      true,
    ],
    [
      'is not there, by its code',
      { kind: 'status', status: 400, error: { message: 'x', code: 'model_not_found' } },
      'unknown_model',
      false,
      true,
    ],
  ])('%s fails', async (_, answer, code, retryable, isFault) => {
    const { result } = await ask(answer);

    expect(result).toMatchObject({ kind: 'failed', isFault, error: { code, retryable } });
  });

  test('has no name is not asked', async () => {
    const { result, request } = await ask({ kind: 'completion' }, { target: { model: null } });

    expect(result).toMatchObject({ error: { code: 'unknown_model' } });
    expect(request).toBeUndefined();
  });

  test('hangs is given up, with what was said so far', async () => {
    const answer: ScriptedAnswer = { kind: 'completion', pieces: ['Hel'], fault: 'hang' };
    const { result, told } = await ask(answer, { signal: AbortSignal.timeout(300) });

    expect(result).toMatchObject({ kind: 'failed', error: { code: 'aborted' } });
    expect(told.tokens).toEqual(['Hel']);
  });

  test('repeats its own token has it masked, in pieces too', async () => {
    const pieces = ['key: sk-very-', 'secret-01234', '56789.'];
    const { result, told } = await ask({ kind: 'completion', pieces });

    expect(result).toMatchObject({ text: 'key: ***.' });
    expect(told.tokens.join('')).toBe('key: ***.');
  });

  test('has spent its rate limit says so, with the usage of what it gave', async () => {
    const headers = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m',
      'retry-after-ms': '1500',
    };
    const { result } = await ask({ kind: 'status', status: 429, headers, error: { message: 'slow down' } });

    expect(result).toMatchObject({
      isFault: false,
      retryAfterMs: 1500,
      rateLimit: { remaining: 0, resetMs: 60_000 },
      error: { code: 'http_status', retryable: true },
    });
  });
});
