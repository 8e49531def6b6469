import { defineExecutor } from '@weft/executors';
import { executorCall } from '@weft/testkit/conformance/executor';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const double = defineExecutor({
  type: 'double',
  description: 'Doubles a number.',
  input: z.strictObject({ n: z.number(), 'a/b~c': z.string().optional() }),
  output: z.strictObject({ n: z.number() }),
  example: { n: 1 },
  async run({ input }) {
    if (input.n === 13) throw new Error('bad luck');
    if (input.n === 14) return { kind: 'succeeded', output: { n: 'text' as unknown as number } };
    return { kind: 'succeeded', output: { n: 2 * input.n }, usage: { inputTokens: 1, outputTokens: 2, usd: 0 } };
  },
});

describe('a defined executor', () => {
  test('passes a checked input on and keeps all that the outcome says', async () => {
    const outcome = await double.run(executorCall({ n: 21 }));

    expect(outcome).toEqual({
      kind: 'succeeded',
      output: { n: 42 },
      usage: { inputTokens: 1, outputTokens: 2, usd: 0 },
    });
  });

  test('lists every error of an input, each with the pointer of the offending key', async () => {
    const outcome = await double.run(executorCall({ n: '21', 'a/b~c': 1, typo: true }));

    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'invalid_input', retryable: false } });
    const errors = outcome.kind === 'failed' ? outcome.error.details?.['errors'] : undefined;
    expect(errors).toEqual([
      { pointer: '/n', message: expect.stringContaining('expected number') },
      { pointer: '/a~1b~0c', message: expect.stringContaining('expected string') },
      { pointer: '/typo', message: 'unknown key' },
    ]);
  });

  test('names the root by the empty pointer', async () => {
    const outcome = await double.run(executorCall(null));

    expect(outcome).toMatchObject({ error: { details: { errors: [{ pointer: '' }] } } });
  });

  test('fails when its output does not fit', async () => {
    const outcome = await double.run(executorCall({ n: 14 }));

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_output', retryable: false, details: { errors: [{ pointer: '/n' }] } },
    });
  });

  test('turns what is thrown by mistake into a retryable failure', async () => {
    const outcome = await double.run(executorCall({ n: 13 }));

    expect(outcome).toEqual({
      kind: 'failed',
      error: { code: 'executor_threw', message: 'bad luck', retryable: true },
    });
  });
});
