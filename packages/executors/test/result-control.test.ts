import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { readResult } from '../src/result-control.ts';

describe('a result', () => {
  test.each<[string, Json]>([
    ['text', 'hello'],
    ['an object of its own', { text: 'hello' }],
    ['an object with a foreign key beside output', { output: 1, text: 'hello' }],
    ['an object with usage alone', { usage: { gb: 3 } }],
    ['an empty object', {}],
    ['a list', [{ output: 1 }]],
  ])('that is %s is the output itself', (_name, result) => {
    expect(readResult(result)).toEqual({ kind: 'succeeded', output: result });
  });

  test('with control gives output, state updates and usage', () => {
    const usage = { inputTokens: 3, outputTokens: 4, usd: 0.5 };

    expect(readResult({ output: 1, stateUpdates: { a: 2 }, usage })).toEqual({
      kind: 'succeeded',
      output: 1,
      stateUpdates: { a: 2 },
      usage,
    });
  });

  test('with state updates alone has the output null', () => {
    expect(readResult({ stateUpdates: { a: 1 } })).toEqual({
      kind: 'succeeded',
      output: null,
      stateUpdates: { a: 1 },
    });
  });

  test('may use the names in snake_case, and cost', () => {
    expect(readResult({ state_updates: { a: 1 }, usage: { input_tokens: 7 }, cost: 0.25 })).toEqual({
      kind: 'succeeded',
      output: null,
      stateUpdates: { a: 1 },
      usage: { inputTokens: 7, outputTokens: 0, usd: 0.25 },
    });
  });

  test.each<[Json, string[]]>([
    ['node', ['node']],
    ['__end__', ['__end__']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  ])('may go to %j instead of along its edges', (goto, targets) => {
    expect(readResult({ output: 1, goto })).toEqual({ kind: 'succeeded', output: 1, goto: targets });
    expect(readResult({ goto })).toEqual({ kind: 'succeeded', output: null, goto: targets });
  });

  test.each<[string, Json]>([
    ['messages', { output: 1, stream_messages: [] }],
    ['uiMessages', { output: 1, uiMessages: [] }],
  ])('that asks for %s is refused, not ignored', (name, result) => {
    expect(readResult(result)).toMatchObject({
      kind: 'failed',
      error: { code: 'node_type_unsupported', message: expect.stringContaining(name), retryable: false },
    });
  });

  test.each<[string, Json]>([
    ['/stateUpdates', { stateUpdates: [1] }],
    ['/usage/inputTokens', { output: 1, usage: { inputTokens: -1 } }],
    ['/cost', { output: 1, cost: 'much' }],
    ['/goto', { goto: [] }],
    ['/goto', { goto: 7 }],
    ['/goto', { goto: Array.from({ length: 101 }, (_, n) => `n${n}`) }],
    ['/goto/1', { goto: ['a', 1] }],
  ])('with a wrong %s is an invalid output', (pointer, result) => {
    expect(readResult(result)).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_output', details: { errors: [{ pointer }] } },
    });
  });
});
