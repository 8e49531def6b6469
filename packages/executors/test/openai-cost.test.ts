import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '@weft/contract';
import type { CallBudget, Estimate, OnExceeded, Reserved } from '@weft/engine/ports';
import { executorCall } from '@weft/testkit/conformance/executor';
import type { OpenaiServer } from '@weft/testkit/openai-server';
import { startOpenaiServer } from '@weft/testkit/openai-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import openai from '../src/builtin/openai.ts';
import { loadPrices, modelPrice } from '../src/index.ts';

let server: OpenaiServer;
let folder: string;

const PRICES = {
  large: { inputPerMTok: 1000, outputPerMTok: 4000 },
  'small*': { inputPerMTok: 10, outputPerMTok: 40 },
};

async function pricesFile(content: string): Promise<string> {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(file, content);
  return file;
}

beforeAll(async () => {
  server = await startOpenaiServer(() => ({ kind: 'completion', pieces: ['Hello'], usage: [12, 3] }));
  folder = await mkdtemp(join(tmpdir(), 'weft-prices-'));
  loadPrices(await pricesFile(JSON.stringify(PRICES)));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
  loadPrices(null);
});

/** Has room for so much, and remembers what it was asked for. */
function purse(usd: number, onExceeded: OnExceeded = 'fail') {
  const asked: Estimate[] = [];
  const reserve = async (estimate: Estimate): Promise<Reserved> => {
    asked.push(estimate);
    const left = { usdLeft: usd, tokensLeft: null };
    const code = estimate.usd === null ? 'price_missing' : 'budget_exceeded';
    if (estimate.usd !== null && estimate.usd <= usd) return { kind: 'granted', ...left };
    return { kind: 'refused', error: { code, message: code, retryable: false }, onExceeded, ...left };
  };
  return { asked, budget: { reserve, release() {} } satisfies CallBudget };
}

const ask = (input: JsonObject, budget?: CallBudget) =>
  openai.run(executorCall({ baseUrl: server.baseUrl, prompt: 'Hi there', ...input }, budget && { budget }));

describe('a chat', () => {
  test('costs what the table of prices says, with or without a budget', async () => {
    const spent = { inputTokens: 12, outputTokens: 3, usd: 0.000_24 };
    expect(await ask({ model: 'small-2' })).toMatchObject({
      kind: 'succeeded',
      usage: spent,
      placed: { model: 'small-2' },
    });
    expect(await ask({ model: 'other' })).toMatchObject({ usage: { usd: 0 } });
  });

  test('reserves what its text and the longest answer may cost, before it is sent', async () => {
    const { asked, budget } = purse(1);
    await ask({ model: 'small', maxTokens: 100 }, budget);

    expect(asked).toEqual([{ usd: expect.closeTo(0.004_11, 6), tokens: 111, isStated: true }]);
  });

  test('is not sent where there is no room for it, or its price is not known', async () => {
    const before = server.requests.length;
    expect(await ask({ model: 'large' }, purse(0.01).budget)).toMatchObject({ error: { code: 'budget_exceeded' } });
    expect(await ask({ model: 'other' }, purse(1).budget)).toMatchObject({ error: { code: 'price_missing' } });
    expect(server.requests).toHaveLength(before);
  });

  test('takes a cheaper model where the run wants that, and only there', async () => {
    const dear = { model: 'large', fallbackModels: ['other', 'small'], maxTokens: 100 };
    expect(await ask(dear, purse(0.01).budget)).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded' } });
    expect(await ask(dear, purse(0.01, 'fallback').budget)).toMatchObject({ placed: { model: 'small' } });
    expect(server.requests.at(-1)?.body['model']).toBe('small');
  });
});

describe('the table of prices', () => {
  test('knows a model by its name, else by the longest beginning', async () => {
    loadPrices(await pricesFile(JSON.stringify({ 'a*': { perCall: 1 }, 'ab*': { perCall: 2 }, abc: { perCall: 3 } })));
    expect(['abc', 'abd', 'az', 'z'].map((model) => modelPrice(model)?.perCall ?? null)).toEqual([3, 2, 1, null]);
    loadPrices(await pricesFile(JSON.stringify(PRICES)));
  });

  test.each([
    ['{', /WEFT_PRICES_FILE .*json/],
    ['{"a":{"inputPerMTok":-1}}', /: a\.inputPerMTok: /],
    ['{"a":{"per":1}}', /: a: /],
  ])('that is wrong is refused with its place: %s', async (content, message) => {
    const file = await pricesFile(content);
    expect(() => loadPrices(file)).toThrow(message);
    loadPrices(await pricesFile(JSON.stringify(PRICES)));
  });
});
