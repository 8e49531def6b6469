import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { CALM, isAtLeast, nextZone, ZONES } from '../../src/domain/load/zone.ts';
import type { ZoneState } from '../../src/domain/load/zone.ts';

const STEP_MS = 200;

/** The zones after each sample of this many milliseconds at this share. */
function walk(plan: readonly (readonly [ms: number, share: number])[], running = 1, from = CALM): ZoneState[] {
  const states: ZoneState[] = [];
  let state = from;
  let nowMs = 0;
  for (const [ms, share] of plan) {
    for (const end = nowMs + ms; nowMs < end; nowMs += STEP_MS) {
      state = nextZone(state, { share, lagMs: 0, running, nowMs });
      states.push(state);
    }
  }
  return states;
}

const last = (states: ZoneState[]) => states.at(-1)?.zone;

describe('the zone of a worker', () => {
  test('stops claims above the soft limit, and lets them begin again only below 85 % of it', () => {
    const [soft, resume] = [0.8, 0.85 * 0.8];

    expect(last(walk([[5000, soft - 0.01]]))).toBe('yellow');
    expect(last(walk([[5000, soft + 0.01]]))).toBe('orange');
    const held = walk([
      [5000, soft + 0.01],
      [60_000, resume + 0.005],
    ]);
    expect(last(held)).toBe('orange');
    const freed = walk([
      [5000, soft + 0.01],
      [8000, resume - 0.04],
    ]);
    expect(last(freed)).toBe('green');
  });

  test('hands back from 90 % on, and is done with that at 75 %', () => {
    expect(last(walk([[1000, 0.92]]))).toBe('red');
    const later = walk([
      [1000, 0.92],
      [2000, 0.77],
    ]);
    expect(last(later)).toBe('red');
    const done = walk([
      [1000, 0.92],
      [4000, 0.74],
    ]);
    expect(last(done)).toBe('orange');
  });

  test('is critical at 95 %', () => {
    expect(last(walk([[2000, 0.97]]))).toBe('critical');
  });

  test('T6: is critical when memory is short although nothing has run for half a minute', () => {
    expect(last(walk([[29_000, 0.85]], 0))).toBe('orange');
    expect(last(walk([[32_000, 0.85]], 0))).toBe('critical');
    expect(last(walk([[90_000, 0.85]], 1))).toBe('orange');
  });

  test('claims nothing while the event loop is a second late, and for a second after it is quick again', () => {
    const late = nextZone(CALM, { share: 0.1, lagMs: 1500, running: 1, nowMs: 0 });
    const quick = nextZone(late, { share: 0.1, lagMs: 5, running: 1, nowMs: 200 });
    const calm = nextZone(quick, { share: 0.1, lagMs: 5, running: 1, nowMs: 1300 });

    expect([late.zone, quick.zone, calm.zone]).toEqual(['orange', 'orange', 'green']);
  });

  test('T4: however memory moves, claims stop at most six times in any minute', () => {
    const moves = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 20,
      maxLength: 120,
    });
    fc.assert(
      fc.property(moves, (plan) => {
        const states = walk(plan.map(([steps, share]) => [steps * STEP_MS, share]));
        const stops = states.flatMap(({ memory }, n) => {
          const before = states[n - 1]?.memory ?? 'green';
          return isAtLeast(memory, 'orange') && !isAtLeast(before, 'orange') ? [n * STEP_MS] : [];
        });
        const inMinute = stops.map((at) => stops.filter((other) => other >= at && other < at + 60_000).length);
        expect(Math.max(0, ...inMinute)).toBeLessThanOrEqual(6);
      }),
      { numRuns: 200 },
    );
  });

  test('never gets better while memory only grows, and never worse while it only shrinks', () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(shares, (given) => {
        const rising = given.toSorted((a, b) => a - b);
        const ranks = (order: number[], from: ZoneState = CALM) =>
          walk(
            order.map((share) => [STEP_MS, share]),
            1,
            from,
          ).map(({ zone }) => ZONES.indexOf(zone));
        const up = ranks(rising);
        expect(up).toEqual(up.toSorted((a, b) => a - b));
        const hot = walk([[3000, 1]]).at(-1) ?? CALM;
        const down = ranks(rising.toReversed(), hot);
        expect(down).toEqual(down.toSorted((a, b) => b - a));
      }),
      { numRuns: 200 },
    );
  });
});
