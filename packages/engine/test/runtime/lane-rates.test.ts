import { expect, test } from 'vitest';

import { LaneRates } from '../../src/runtime/worker/lane-rates.ts';

const LANE = { lane: 'default', tenant: 'acme' };

test('rates tell how many tasks end in a second and how long they took, smoothed', () => {
  const rates = new LaneRates(0);
  for (const tookMs of [100, 300]) rates.count({ ...LANE, tookMs });
  expect(rates.take(2000)).toEqual([{ ...LANE, perSecond: 1, latencyMs: 200 }]);
  rates.count({ ...LANE, tookMs: 1200 });

  expect(rates.take(4000)).toEqual([{ ...LANE, perSecond: 0.85, latencyMs: 500 }]);
});

test('where nothing ends any more, the latency of what ended fades', () => {
  const rates = new LaneRates(0);
  for (let n = 0; n < 1000; n += 1) rates.count({ ...LANE, tookMs: 60_000 });
  const seen = Array.from({ length: 15 }, (_, n) => rates.take((n + 1) * 2000)[0]?.latencyMs ?? 0);

  expect(seen[0]).toBe(60_000);
  expect(seen.at(-1)).toBeLessThan(1000);
});

test('a clock that is behind makes no latency below zero', () => {
  const rates = new LaneRates(0);
  rates.count({ ...LANE, tookMs: -50 });

  expect(rates.take(1000)[0]?.latencyMs).toBe(0);
});
