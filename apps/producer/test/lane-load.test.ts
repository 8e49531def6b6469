import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fullLanes, jittered } from '../src/pressure/lane-load.ts';
import type { LaneBounds } from '../src/pressure/lane-load.ts';

const share = { tenant: 'a', lane: 'default' };
const full = (depth: number, perSecond: number, bounds: Partial<LaneBounds>, oldestMs = 0) =>
  fullLanes([{ ...share, depth, oldestMs }], perSecond === 0 ? [] : [{ ...share, perSecond }], {
    maxDepth: null,
    maxWaitMs: null,
    ...bounds,
  }).get('a default');

describe('a lane is full for a tenant', () => {
  test('from its bound of depth on, until it will have drained to that', () => {
    expect(full(999, 10, { maxDepth: 1000 })).toBeUndefined();
    expect(full(1000, 10, { maxDepth: 1000 })).toMatchObject({ depth: 1000, retryAfterS: 1 });
    expect(full(1500, 10, { maxDepth: 1000 })).toMatchObject({ retryAfterS: 51 });
  });

  test('where the wait is longer than its bound, reckoned from what the workers drain together', () => {
    const rates = [5, 15].map((perSecond) => ({ ...share, perSecond }));
    const found = fullLanes([{ ...share, depth: 1000, oldestMs: 1 }], rates, { maxDepth: null, maxWaitMs: 30_000 });

    expect(found.get('a default')).toEqual({ depth: 1000, waitMs: 50_000, retryAfterS: 20 });
    expect(full(500, 20, { maxWaitMs: 30_000 })).toBeUndefined();
  });

  test('where nobody drains it, once the oldest has waited for so long; then nobody knows when', () => {
    expect(full(5, 0, { maxWaitMs: 30_000 }, 29_000)).toBeUndefined();
    expect(full(5, 0, { maxWaitMs: 30_000 }, 31_000)).toMatchObject({ waitMs: 31_000, retryAfterS: 120 });
  });

  test('and for no other one, nor on another lane', () => {
    const found = fullLanes(
      [
        { ...share, depth: 10, oldestMs: 0 },
        { tenant: 'b', lane: 'default', depth: 1, oldestMs: 0 },
        { tenant: 'a', lane: 'other', depth: 1, oldestMs: 0 },
      ],
      [],
      { maxDepth: 10, maxWaitMs: null },
    );

    expect(Array.from(found.keys())).toEqual(['a default']);
  });

  test('never without a bound, and what is told is always 1 to 120 seconds, a fifth more or less', () => {
    const numbers = fc.record({
      depth: fc.integer({ min: 0, max: 10_000_000 }),
      perSecond: fc.double({ min: 0, max: 1e6, noNaN: true }),
      oldestMs: fc.integer({ min: 0, max: 1e9 }),
      chance: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    });
    fc.assert(
      fc.property(numbers, ({ depth, perSecond, oldestMs, chance }) => {
        expect(full(depth, perSecond, {}, oldestMs)).toBeUndefined();
        const { retryAfterS = 1 } = full(depth, perSecond, { maxDepth: 10, maxWaitMs: 5000 }, oldestMs) ?? {};
        const told = jittered(retryAfterS, chance);
        expect(Number.isInteger(told) && told >= 1 && told <= 120).toBe(true);
        expect(Math.abs(told - retryAfterS)).toBeLessThanOrEqual(Math.ceil(retryAfterS * 0.2));
      }),
      { numRuns: 300 },
    );
  });
});
