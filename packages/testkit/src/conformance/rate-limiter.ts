import type { RateKey, RateLimiter } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createSeededRandom } from '../seeded-random.ts';

/** A limiter to test, empty at first, and another client of the same rates; the same object, if there can be one only. */
export type RateLimiterUnderTest = { limiter: RateLimiter; other: RateLimiter; dispose?: () => Promise<void> };

const NOW = Date.UTC(2026, 0, 1);

const rate = (name: string, count: number, perMs: number, burst = count): RateKey => ({ name, count, perMs, burst });

/** What every RateLimiter promises. */
export function rateLimiterConformance(
  name: string,
  open: () => RateLimiterUnderTest | Promise<RateLimiterUnderTest>,
): void {
  const openOne = async (): Promise<RateLimiterUnderTest> => {
    const opened = await open();
    onTestFinished(async () => opened.dispose?.());
    return opened;
  };
  const admitted = async (limiter: RateLimiter, now: number, requests: RateKey[][], tenant = 'acme') => {
    return (await limiter.admit(tenant, now, requests)).map((waitMs) => waitMs === 0);
  };

  describe(`the rate limiter ${name}`, () => {
    test('A1: a burst is admitted at once, and then one start after the other', async () => {
      const { limiter } = await openOne();
      const ten = rate('tenant', 10, 1000, 3);

      expect(await admitted(limiter, NOW, [[ten], [ten], [ten], [ten]])).toEqual([true, true, true, false]);
      expect(await admitted(limiter, NOW + 99, [[ten]])).toEqual([false]);
      expect(await admitted(limiter, NOW + 100, [[ten], [ten]])).toEqual([true, false]);
    });

    test('A1: who is refused is told how long to wait, and is admitted then', async () => {
      const { limiter } = await openOne();
      const one = rate('tenant', 1, 60_000);
      await limiter.admit('acme', NOW, [[one]]);
      const [waitMs = 0] = await limiter.admit('acme', NOW + 15_000, [[one]]);

      expect(waitMs).toBeCloseTo(45_000, 0);
      expect(await admitted(limiter, NOW + 15_000 + Math.ceil(waitMs), [[one]])).toEqual([true]);
    });

    test('A1: all keys of a start admit it, or none is spent', async () => {
      const { limiter } = await openOne();
      const [wide, narrow] = [rate('tenant', 3, 60_000), rate('key a', 1, 60_000)];

      const starts = [[wide, narrow], [wide, narrow], [wide, narrow], [wide], [wide], [wide]];
      expect(await admitted(limiter, NOW, starts)).toEqual([true, false, false, true, true, false]);
    });

    test('A1: looking spends nothing', async () => {
      const { limiter } = await openOne();
      const one = rate('tenant', 1, 1000);
      const looks = [await limiter.waitMs('acme', NOW, [one]), await limiter.waitMs('acme', NOW, [one])];
      await limiter.admit('acme', NOW, [[one]]);

      expect([...looks, await limiter.waitMs('acme', NOW, [one])]).toEqual([0, 0, 1000]);
    });

    test('A1: tenants and names do not spend what others have', async () => {
      const { limiter, other } = await openOne();
      const [a, b] = [rate('key a', 1, 60_000), rate('key b', 1, 60_000)];

      expect(await admitted(limiter, NOW, [[a], [b]])).toEqual([true, true]);
      expect(await admitted(other, NOW, [[a], [b]], 'globex')).toEqual([true, true]);
      expect(await admitted(other, NOW, [[a], [b]])).toEqual([false, false]);
    });

    test('A1: a start without a rate is admitted', async () => {
      const { limiter } = await openOne();
      expect(await admitted(limiter, NOW, [[], []])).toEqual([true, true]);
    });

    test('A1: a clock that is set back holds nobody up for longer than a burst', async () => {
      const { limiter } = await openOne();
      const ten = rate('tenant', 10, 1000, 5);
      await limiter.admit('acme', NOW + 3_600_000, [[ten]]);
      const [waitMs = 0] = await limiter.admit('acme', NOW, [[ten]]);

      expect(waitMs).toBeLessThanOrEqual(500);
    });

    test('A1: in any window no more begin than the rate and its burst allow, and what may begin does', async () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { limiter, other } = await openOne();
        const random = createSeededRandom(seed);
        const own = rate('tenant', 1 + random.below(20), (1 + random.below(40)) * 50, 1 + random.below(6));
        const apart = own.perMs / own.count;
        const starts: number[] = [];
        let now = NOW;
        for (let n = 0; n < 120; n += 1) {
          now += random.below(Math.ceil(apart * 2));
          const [first = -1] = await (random.chance(0.5) ? limiter : other).admit('acme', now, [[own]]);
          // The model: a start is allowed unless with it some window would hold more than its length and the burst allow.
          const isTooMany = starts.some((at, index) => {
            const held = starts.length - index + 1;
            return held > own.burst && now - at < (held - own.burst) * apart - 0.001;
          });
          expect({ seed, n, isAdmitted: first === 0 }).toEqual({ seed, n, isAdmitted: !isTooMany });
          if (first === 0) starts.push(now);
        }
      }
    });
  });
}
