import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decideScaling } from '../../src/domain/scaling/decide-scaling.ts';
import type { ScalingMemory, ScalingRules } from '../../src/domain/scaling/decide-scaling.ts';
import { demandScore, healthBand, healthScore } from '../../src/domain/scaling/demand.ts';
import { nodeAdvice, scalingAction } from '../../src/domain/scaling/scaling-action.ts';

const demand = (queueDepth: number, avgLatencyMs: number) => demandScore({ queueDepth, avgLatencyMs, slaMs: 5000 });

const RULES: ScalingRules = { min: 1, max: 8, upAfterMs: 10, downAfterMs: 30, cooldownMs: 100 };
const [CALM, FLOOD, QUIET] = [0.5, 1.5, 0];

/** Decides once for each demand, 10 ms apart, and takes what was decided as done. */
function play(demands: readonly number[], workers = 1, rules: ScalingRules = RULES) {
  let memory: ScalingMemory | null = null;
  let count = workers;
  return demands.map((demandOf, index) => {
    const figures = { demandScore: demandOf, healthScore: 1, workers: count, now: index * 10 };
    const verdict = decideScaling(figures, memory, rules);
    ({ memory, workersWanted: count } = verdict);
    return verdict;
  });
}

describe('the demand', () => {
  test.each([
    [50, 5000, 1, 'hold', 1],
    [51, 5000, 1.012, 'scale_up', 1],
    [0, 0, 0, 'scale_down', 1],
    [0, 0, 0, 'hold', 0.7],
    [0, 0, 0, 'scale_up', 0.3],
    [10, 1000, 0.2, 'hold', 1],
  ])('with %i waiting and %i ms is %d, which means %s at a health of %d', (queue, latency, score, action, health) => {
    expect(demand(queue, latency)).toBe(score);
    expect(scalingAction({ demandScore: score, healthScore: health })).toBe(action);
  });

  test('has four places', () => {
    expect(demandScore({ queueDepth: 1, avgLatencyMs: 1, slaMs: 3 })).toBe(0.1453);
  });
});

test('the health is the share of those that work, less those that fail, and has three bands', () => {
  const scores = [
    { active: 8, errors: 2, total: 10 },
    { active: 10, errors: 0, total: 10 },
    { active: 1, errors: 5, total: 6 },
    { active: 0, errors: 0, total: 0 },
  ].map(healthScore);

  expect(scores).toEqual([0.6, 1, 0, 0]);
  expect([1, 0.8, 0.79, 0.4, 0.39].map(healthBand)).toEqual(['healthy', 'healthy', 'degraded', 'degraded', 'critical']);
});

test('a node has too much to do above five tasks, and nothing with none', () => {
  expect([6, 5, 1, 0].map(nodeAdvice)).toEqual(['scale_up', null, null, 'scale_down']);
});

describe('the decision', () => {
  test('waits until more was wanted for long enough, and then until the change could show', () => {
    const reasons = play([FLOOD, FLOOD, ...Array.from({ length: 10 }, () => FLOOD)]).map(({ reason }) => reason);

    expect(reasons.slice(0, 2)).toEqual(['confirming', 'demand']);
    expect(reasons.slice(2, 11)).toEqual(Array.from({ length: 9 }, () => 'cooldown'));
    expect(reasons[11]).toBe('demand');
  });

  test('takes one worker away at a time, and only after a longer while', () => {
    const verdicts = play([QUIET, QUIET, QUIET, QUIET], 4);

    expect(verdicts.map(({ action }) => action)).toEqual(['hold', 'hold', 'hold', 'scale_down']);
    expect(verdicts.at(-1)).toMatchObject({ reason: 'quiet', workersWanted: 3 });
  });

  test('forgets what was wanted as soon as it is not wanted any more', () => {
    const flapping = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? FLOOD : CALM));

    expect(play(flapping).filter(({ action }) => action !== 'hold')).toEqual([]);
  });

  test('asks for twice as many at most, and at least for one more', () => {
    const wanted = (workers: number, score: number) => play([score, score], workers)[1]?.workersWanted;

    expect([wanted(3, 90), wanted(3, 1.01), wanted(1, 1.01), wanted(6, 9)]).toEqual([6, 4, 2, 8]);
  });

  test('says so where a bound keeps it from changing anything, and needs no cooldown for that', () => {
    const [, atMost] = play([FLOOD, FLOOD], 8);

    expect(atMost).toMatchObject({ action: 'hold', wanted: 'scale_up', reason: 'bound', memory: { changedAt: null } });
  });

  test('mends at once what is outside the bounds, whatever the demand', () => {
    expect(play([CALM], 0)[0]).toMatchObject({ action: 'scale_up', workersWanted: 1 });
    expect(play([CALM], 11)[0]).toMatchObject({ action: 'scale_down', workersWanted: 8 });
  });

  test('stays within the bounds, and never changes twice within a cooldown, whatever comes', () => {
    const demands = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(demands, fc.integer({ min: 1, max: 8 }), (scores, workers) => {
        const verdicts = play(scores, workers);
        const changes = verdicts.flatMap(({ action }, index) => (action === 'hold' ? [] : index * 10));
        for (const { workersWanted } of verdicts) expect(workersWanted >= 1 && workersWanted <= 8).toBe(true);
        for (const [index, at] of changes.slice(1).entries())
          expect(at - (changes[index] ?? 0)).toBeGreaterThanOrEqual(RULES.cooldownMs);
      }),
      { numRuns: 200 },
    );
  });
});
