import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { backOff, BACKOFF_MS, NO_BACKOFF } from '../../src/domain/endpoints/provider-backoff.ts';
import {
  chargedTokens,
  learnRates,
  NO_RATES,
  roomInRates,
  settleTokens,
  spendRates,
  waitForRates,
} from '../../src/domain/endpoints/provider-rates.ts';
import { FULL_RETRIES, retriesAt, RETRY_RULES, waitForRetry } from '../../src/domain/endpoints/retry-budget.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

describe('what a provider allows', () => {
  test('A1: is kept in every minute, and who waits as long as told is let through', () => {
    const step = fc.record({ ms: fc.nat(9000), tokens: fc.nat(600), used: fc.nat(600) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, requestsPerMinute) => {
        const limits = { requestsPerMinute, tokensPerMinute: 1000 };
        let [rates, now] = [NO_RATES, NOW];
        const begun: { at: number; used: number }[] = [];
        for (const { ms, tokens, used } of steps) {
          now += ms;
          const wait = waitForRates(rates, limits, tokens, now);
          expect(wait === 0).toBe(roomInRates(rates, limits, tokens, now) > 0);
          if (wait > 0) expect(waitForRates(rates, limits, tokens, now + wait)).toBe(0);
          if (wait > 0) continue;
          const charged = chargedTokens(tokens, limits);
          const second = Math.floor(now / 1000);
          rates = settleTokens(
            spendRates(rates, charged, now),
            { charged, second, used: Math.min(used, charged) },
            now,
          );
          begun.push({ at: now, used: Math.min(used, charged) });
          const inMinute = begun.filter(({ at }) => at > now - MINUTE);
          expect(inMinute.length).toBeLessThanOrEqual(requestsPerMinute);
          expect(inMinute.reduce((sum, one) => sum + one.used, 0)).toBeLessThanOrEqual(1000);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is never said to be nothing for longer than an hour', () => {
    const rates = learnRates(NO_RATES, { retryAfterMs: 1e12, rateLimit: { remaining: 0, resetMs: 1e12 } }, NOW);
    expect(waitForRates(rates, {}, 0, NOW)).toBe(3_600_000);
  });

  test('a pause of 5, 10 and 20 minutes follows on its refusals, once for all that were under way', () => {
    const first = backOff(NO_BACKOFF, NOW, BACKOFF_MS);
    expect(first).toEqual({ times: 1, until: NOW + 5 * MINUTE });
    expect(backOff(first, NOW + MINUTE, BACKOFF_MS)).toBe(first);
    const second = backOff(first, first.until, BACKOFF_MS);
    const third = backOff(second, second.until, BACKOFF_MS);
    const fourth = backOff(third, third.until, BACKOFF_MS);
    expect([second.until - first.until, third.until - second.until, fourth.until - third.until]).toEqual(
      [10, 20, 20].map((minutes) => minutes * MINUTE),
    );
  });
});

describe('the budget of repeats', () => {
  test('never has more than it may save up, and fills again by time alone', () => {
    const full = retriesAt(FULL_RETRIES, NOW, RETRY_RULES);
    expect(full.left).toBe(100);
    expect(waitForRetry({ left: 0, at: NOW }, RETRY_RULES)).toBe(100);
    expect(retriesAt({ left: 0, at: NOW }, NOW + 100, RETRY_RULES).left).toBeCloseTo(1);
    expect(retriesAt({ left: 5, at: NOW }, NOW - 5000, RETRY_RULES)).toEqual({ left: 5, at: NOW });
  });
});
