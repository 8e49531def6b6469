import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryCapMs, retryDelayMs, roll } from '../src/domain/retry.ts';

const caps = (timing: Parameters<typeof retryCapMs>[0], failures: number): number[] =>
  Array.from({ length: failures }, (_, i) => retryCapMs(timing, i + 1));

describe('the delay of a retry', () => {
  test('is bounded by 500 ms, doubled with each failure up to 30 s, by default', () => {
    expect(caps({}, 9)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(retryCapMs({}, 5000)).toBe(30_000);
  });

  test('follows the policy', () => {
    expect(caps({ initialMs: 2000 }, 6)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(caps({ initialMs: 10_000, maxMs: 300_000 }, 7)).toEqual([
      10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
    ]);
    expect(caps({ factor: 1 }, 3)).toEqual([500, 500, 500]);
  });

  test('is drawn from the whole range: full jitter', () => {
    expect(retryDelayMs({}, 3, 0)).toBe(0);
    expect(retryDelayMs({}, 3, 0.5)).toBe(1000);
    expect(retryDelayMs({}, 3, 0.9999)).toBe(1999);
  });

  test('is never shorter than what the failed attempt asked for, which ends after a day', () => {
    expect(retryDelayMs({ retryAfterMs: 60_000 }, 1, 0)).toBe(60_000);
    expect(retryDelayMs({ retryAfterMs: 100 }, 7, 0.5)).toBe(15_000);
    expect(retryDelayMs({ retryAfterMs: Number.MAX_VALUE }, 1, 0)).toBe(86_400_000);
    expect(retryDelayMs({ retryAfterMs: Number.NaN }, 1, 0.5)).toBe(250);
  });
});

describe('a roll', () => {
  test('depends on task and attempt alone', () => {
    expect(roll('a', 1)).toBe(roll('a', 1));
    expect(roll('a', 1)).not.toBe(roll('a', 2));
    expect(roll('a', 1)).not.toBe(roll('b', 1));
    fc.assert(fc.property(fc.string(), fc.nat(), (id, attempt) => roll(id, attempt) >= 0 && roll(id, attempt) < 1));
  });

  test('is spread evenly', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const tenth = Math.floor(roll(`task-${i}`, 1 + (i % 3)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
