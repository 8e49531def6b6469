import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { costOf, estimateCall, estimateTokens } from '../../src/domain/budget/estimate.ts';
import { roundUsd } from '../../src/domain/budget/money.ts';
import { looserThan, meansOf } from '../../src/domain/budget/payer.ts';
import { refusalOf } from '../../src/domain/budget/refusal.ts';

const RUN = 'the-run';
const none = { runId: RUN, key: null, above: null, budgets: [] };

describe('who pays for a run', () => {
  test('nobody, where nothing bounds it and no key has started it', () => {
    expect(meansOf(none)).toEqual({ budget: null, payer: null });
    expect(meansOf({ ...none, budgets: [undefined, {}] })).toEqual({ budget: null, payer: null });
  });

  test('itself, by the tightest of all that bounds it', () => {
    const budgets = [{ usd: 5, tokens: 100 }, { usd: null, tokens: 50 }, { usd: 2 }];
    expect(meansOf({ ...none, budgets })).toEqual({
      budget: { usd: 2, tokens: 50 },
      payer: { key: null, name: null, runs: [RUN], onExceeded: 'fail' },
    });
  });

  test('and those above it, whose key and name and policy it has', () => {
    const above = { key: 'k', name: 'team', runs: ['root'], onExceeded: 'fallback' } as const;
    const { payer } = meansOf({
      ...none,
      above: { ...above, runs: ['root'] },
      budgets: [{ usd: 1, onExceeded: 'fail' }],
    });
    expect(payer).toEqual({ key: 'k', name: 'team', runs: ['root', RUN], onExceeded: 'fail' });
  });

  test('a request that is looser than its document is found out', () => {
    expect(looserThan({ usd: 1, tokens: 10 }, { usd: 2, tokens: 10 })).toEqual(['usd']);
    expect(looserThan({ usd: 1 }, { usd: 1, tokens: 10 })).toEqual([]);
    expect(looserThan(undefined, { usd: 1 })).toEqual([]);
  });
});

describe('an estimate', () => {
  test('is of all text, and of the longest answer', () => {
    expect(estimateTokens(['x'.repeat(300), 'y'])).toBe(100 + 1 + 16);
    const price = { inputPerMTok: 3, outputPerMTok: 15, perCall: 0.01 };
    expect(estimateCall(price, { inputTokens: 1000, maxOutputTokens: 2000 })).toEqual({
      usd: 0.043,
      tokens: 3000,
      isStated: true,
    });
    expect(estimateCall(null, { inputTokens: 1, maxOutputTokens: 1 })).toEqual({
      usd: null,
      tokens: 2,
      isStated: true,
    });
  });

  test('is never below what a call that keeps to it costs, and every amount can be kept as it is', () => {
    const amount = fc.double({ min: 0, max: 1000, noNaN: true });
    const count = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        count,
        count,
        count,
        (inputPerMTok, outputPerMTok, perCall, input, most, part) => {
          const price = { inputPerMTok, outputPerMTok, perCall };
          const outputTokens = Math.min(most, part);
          const cost = costOf(price, { inputTokens: input, outputTokens });
          const { usd } = estimateCall(price, { inputTokens: input, maxOutputTokens: most });
          return usd !== null && usd >= cost && roundUsd(cost) === cost && Number(cost.toFixed(9)) === cost;
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a refusal says whose budget it is, how far it is used, and what was asked', () => {
  const budget = { kind: 'name', subject: 'team', period: 'day', unit: 'tokens' } as const;
  const error = refusalOf('budget_exceeded', { ...budget, limit: 100, spent: 80, reserved: 10, asked: 30 });
  expect(error).toMatchObject({ code: 'budget_exceeded', retryable: false, details: { limit: 100, asked: 30 } });
  expect(error.message).toBe(
    'the budget "team" for a day of 100 tokens is used up: 80 tokens are spent, 10 tokens reserved, and this takes 30 tokens',
  );
});
