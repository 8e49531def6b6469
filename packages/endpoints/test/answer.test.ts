import { describe, expect, test } from 'vitest';

import { readAnswer } from '../src/protocols/answer.ts';

describe('the answer of a worker', () => {
  test.each([
    ['response', { response: 'a', reply: 'b', choices: [{ message: { content: 'c' } }] }, 'a'],
    ['reply', { reply: 'b', choices: [{ message: { content: 'c' } }] }, 'b'],
    ['choices', { choices: [{ message: { content: 'c' } }], output: 'd' }, 'c'],
    ['output', { status: 'received', output: 'd' }, 'd'],
    ['an empty response', { response: '', reply: 'b' }, ''],
  ])('is taken from %s', (_, answer, text) => {
    expect(readAnswer(answer)).toEqual({ kind: 'answered', text, output: text });
  });

  test('is parsed where it is JSON, and kept as it is where it is a value', () => {
    expect(readAnswer({ response: '{"a": [1]}' })).toMatchObject({ text: '{"a": [1]}', output: { a: [1] } });
    expect(readAnswer({ response: '42' })).toMatchObject({ text: '42', output: 42 });
    expect(readAnswer({ response: { a: 1 } })).toMatchObject({ text: '{"a":1}', output: { a: 1 } });
  });

  test.each([
    ['a text', { error: 'out of memory', response: 'fine' }, 'The endpoint reports: out of memory', true],
    ['an object', { error: { message: 'no' }, reply: 'fine' }, 'The endpoint reports: no', true],
    ['final', { error: { message: 'no', retryable: false } }, 'The endpoint reports: no', false],
    ['nothing but true', { error: true }, 'The endpoint reports: true', true],
    ['an object that says nothing', { error: {} }, 'The endpoint reports: an error', true],
  ])('with an error that is %s is that error', (_, answer, message, retryable) => {
    expect(readAnswer(answer)).toMatchObject({
      kind: 'failed',
      isFault: retryable,
      error: { code: 'endpoint_error', message, retryable },
    });
  });

  test.each([[null], [''], [false]])('with the error %j is none', (error) => {
    expect(readAnswer({ error, response: 'fine' })).toMatchObject({ kind: 'answered', text: 'fine' });
  });

  test('that only acknowledges is an error', () => {
    expect(readAnswer({ status: 'received' })).toMatchObject({ error: { code: 'acknowledged_without_output' } });
  });

  test.each([
    [{}, []],
    [{ result: 1, text: 'x' }, ['result', 'text']],
    [{ response: null, choices: [] }, ['response', 'choices']],
    [{ choices: 'none' }, ['choices']],
  ])('without output is an error: %j', (answer, keys) => {
    expect(readAnswer(answer)).toMatchObject({ isFault: true, error: { code: 'missing_output', details: { keys } } });
  });

  test.each([
    [{ usage: { prompt_tokens: 2, completion_tokens: 3 } }, { inputTokens: 2, outputTokens: 3, usd: 0 }],
    [{ usage: { input_tokens: 2, output_tokens: 3 } }, { inputTokens: 2, outputTokens: 3, usd: 0 }],
    [{ usage: { inputTokens: 2, outputTokens: 3, usd: 0.5 } }, { inputTokens: 2, outputTokens: 3, usd: 0.5 }],
    [{ cost: 0.25 }, { inputTokens: 0, outputTokens: 0, usd: 0.25 }],
    [{ usage: { input_tokens: -1, output_tokens: 'many' } }, { inputTokens: 0, outputTokens: 0, usd: 0 }],
    [{ usage: 'a lot' }, undefined],
  ])('says what it cost: %j', (account, usage) => {
    expect(readAnswer({ response: 'x', ...account })).toEqual({
      kind: 'answered',
      text: 'x',
      output: 'x',
      ...(usage === undefined ? {} : { usage }),
    });
    expect(readAnswer({ error: 'x', ...account }).usage).toEqual(usage);
  });

  test('says how much of its rate limit is left, by a pause or by an instant', () => {
    const limitOf = (rate: unknown) => readAnswer({ response: 'x', rate_limit: rate as never }).rateLimit;

    expect(limitOf({ remaining: 3, limit: 10, reset_ms: 1500 })).toEqual({ remaining: 3, limit: 10, resetMs: 1500 });
    expect(limitOf({ remaining: 3, reset_ms: Date.now() + 60_000 })?.resetMs).toBeGreaterThan(50_000);
    expect(limitOf({ remaining: 'some' })).toBeUndefined();
  });

  test('may say that there is nothing more to do', () => {
    expect(readAnswer({ response: 'x', done: true })).toMatchObject({ isDone: true });
    expect(readAnswer({ response: 'x', done: false })).not.toHaveProperty('isDone');
  });
});

describe('control in the answer of a worker', () => {
  const control = { stateUpdates: { a: 1 }, goto: ['next'] };

  test.each([
    ['beside response, in snake_case', { response: 'x', state_updates: { a: 1 }, goto: 'next' }],
    ['beside response, in camelCase', { response: 'x', stateUpdates: { a: 1 }, goto: ['next'] }],
    ['in its text', { response: '{"state_updates": {"a": 1}, "goto": "next", "output": "x"}' }],
    ['in its value', { reply: { stateUpdates: { a: 1 }, goto: ['next'], response: 'x' } }],
  ])('is carried out %s', (_, answer) => {
    expect(readAnswer(answer)).toEqual({ kind: 'answered', text: 'x', output: 'x', ...control });
  });

  test('may have messages for who watches, beside response or in its text', () => {
    const message = { id: 'm1', text: 'half way' };
    const answered = { kind: 'answered', output: 'x', uiMessages: [message] };

    expect(readAnswer({ response: 'x', ui_messages: [message] })).toMatchObject(answered);
    expect(readAnswer({ response: JSON.stringify({ output: 'x', uiMessages: [message] }) })).toMatchObject(answered);
  });

  test('is enough for an answer', () => {
    expect(readAnswer({ goto: '__end__' })).toEqual({ kind: 'answered', text: '', output: null, goto: ['__end__'] });
  });

  test('beside response counts more than in its text', () => {
    const response = '{"state_updates": {"a": 1, "b": 2}, "goto": "one"}';

    expect(readAnswer({ response, state_updates: { a: 3 } })).toMatchObject({ stateUpdates: { a: 3 }, goto: ['one'] });
  });

  test('is not seen in a text that has a goto among other things', () => {
    const response = '{"goto": "Paris", "by": "train"}';

    expect(readAnswer({ response })).toEqual({
      kind: 'answered',
      text: response,
      output: { goto: 'Paris', by: 'train' },
    });
  });

  test.each([
    [{ response: 'x', state_updates: [1] }],
    [{ response: 'x', stateUpdates: 'a' }],
    [{ response: 'x', goto: 7 }],
    [{ response: 'x', goto: [''] }],
    [{ response: 'x', ui_messages: 'half way' }],
    [{ response: 'x', goto: Array.from({ length: 101 }, () => 'a') }],
    [{ response: '{"state_updates": {}, "goto": {}}' }],
  ])('of a wrong shape is an error: %j', (answer) => {
    expect(readAnswer(answer as never)).toMatchObject({ kind: 'failed', error: { code: 'invalid_output' } });
  });

  test.each([[{ goto: null }], [{ goto: [] }], [{ state_updates: null }]])(
    'that says nothing is none: %j',
    (nothing) => {
      expect(readAnswer({ response: 'x', ...nothing })).toEqual({ kind: 'answered', text: 'x', output: 'x' });
    },
  );

  test('from an answer as deep as it likes does not break anything', () => {
    const depth = 200_000;
    const response = `${'['.repeat(depth)}${']'.repeat(depth)}`;

    expect(readAnswer({ response })).toEqual({ kind: 'answered', text: response, output: response });
  });
});
