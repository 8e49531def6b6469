import type { JsonObject } from '@weft/contract';
import type { CallBudget, ExecutorCall, Outcome } from '@weft/engine/ports';
import { executorCall, executorConformance } from '@weft/testkit/conformance/executor';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import embed from '../src/builtin/embed.ts';
import type { EmbeddingServer } from './fixtures/embedding-server.ts';
import { startEmbeddingServer, vectorOf } from './fixtures/embedding-server.ts';

let server: EmbeddingServer;
beforeAll(async () => void (server = await startEmbeddingServer()));
beforeEach(() => void (server.requests.length = server.faults.length = 0));
afterAll(() => server.close());

function run(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Outcome> {
  return embed.run(executorCall({ baseUrl: server.baseUrl, model: 'small', ...input }, parts));
}

executorConformance(embed, {
  fileName: 'embed',
  input: () => ({ baseUrl: server.baseUrl, model: 'small', input: 'Hi' }),
});

describe('vectors of texts', () => {
  test('come in the order of the texts, batch by batch, each batch with a key of its own', async () => {
    const texts = ['one', 'two', 'three', 'four', 'five'];
    const outcome = await run({ input: texts, batchSize: 2, dimensions: 32, apiKey: 'k' }, { idempotencyKey: 'task' });

    expect(outcome).toMatchObject({
      output: { embeddings: texts.map((text) => vectorOf(text, 32)), model: 'small', dimensions: 32 },
      usage: { inputTokens: 50, outputTokens: 0 },
    });
    expect(server.requests.map(({ key, body, authorization }) => [key, body['input'], authorization])).toEqual([
      ['task:0', ['one', 'two'], 'Bearer k'],
      ['task:2', ['three', 'four'], 'Bearer k'],
      ['task:4', ['five'], 'Bearer k'],
    ]);
  });

  test('of a call that breaks off are counted', async () => {
    server.faults.push({}, { status: 429, headers: { 'retry-after': '7' }, body: { error: { message: 'slow down' } } });
    const outcome = await run({ input: ['one', 'two'], batchSize: 1 });

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'http_status', retryable: true },
      retryAfterMs: 7000,
      usage: { inputTokens: 10 },
    });
  });

  test.each([
    ['too few', { data: [{ index: 0, embedding: [1] }] }],
    ['two for one text', { data: [0, 0].map((index) => ({ index, embedding: [1] })) }],
    ['one for a text that was not asked for', { data: [0, 7].map((index) => ({ index, embedding: [1] })) }],
    ['empty ones', { data: [0, 1].map((index) => ({ index, embedding: [] })) }],
    ['of different lengths', { data: [0, 1].map((index) => ({ index, embedding: [1, 2].slice(index) })) }],
    ['of text', { data: [0, 1].map((index) => ({ index, embedding: ['x'] })) }],
    ['none', 'hello'],
  ])('that are %s are no answer', async (_what, body) => {
    server.faults.push({ body });

    expect(await run({ input: ['one', 'two'] })).toMatchObject({ error: { code: 'bad_response', retryable: true } });
  });

  test('are not asked for where there is no money left', async () => {
    const error = { code: 'budget_exceeded', message: 'no', retryable: false };
    const budget: CallBudget = {
      reserve: async () => ({ kind: 'refused', error, onExceeded: 'fail', usdLeft: 0, tokensLeft: 0 }),
      release: () => undefined,
    };

    expect(await run({ input: 'x' }, { budget })).toMatchObject({ kind: 'failed', error });
    expect(server.requests).toEqual([]);
  });
});
