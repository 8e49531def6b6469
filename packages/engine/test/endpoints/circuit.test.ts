import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';

import {
  CIRCUIT_RULES,
  circuitAt,
  circuitRoom,
  CLOSED,
  failureRate,
  passCircuit,
  reportCircuit,
  shownCircuit,
} from '../../src/domain/endpoints/circuit.ts';
import type { CircuitState } from '../../src/domain/endpoints/circuit.ts';

const RULES = CIRCUIT_RULES;
const NOW = Date.UTC(2026, 0, 1);
type Verdict = 'succeeded' | 'failed' | 'neutral';

/** One call after the other, as far as they are let through. */
function play(state: CircuitState, verdicts: readonly Verdict[], now = NOW): CircuitState {
  return verdicts.reduce((before, verdict) => {
    const at = circuitAt(before, now);
    if (circuitRoom(at, 0, now, RULES) < 1) return at;
    const passed = passCircuit(at);
    return reportCircuit(passed, { generation: passed.generation, verdict }, now, RULES);
  }, state);
}

const many = (count: number, verdict: Verdict): Verdict[] => Array.from({ length: count }, () => verdict);

describe('a circuit', () => {
  test('counts failures in a row: four and a success are none, five open it', () => {
    expect(play(CLOSED, [...many(4, 'failed'), 'succeeded']).row).toBe(0);
    expect(play(CLOSED, many(4, 'failed')).status).toBe('closed');
    expect(play(CLOSED, many(5, 'failed'))).toMatchObject({ status: 'open', openUntil: NOW + 60_000 });
  });

  test('lets nobody through at 59 s, and a trial at 60 s, which closes it or opens it again', () => {
    const open = play(CLOSED, many(5, 'failed'));
    expect(circuitRoom(circuitAt(open, NOW + 59_000), 0, NOW + 59_000, RULES)).toBe(0);
    expect(circuitAt(open, NOW + 60_000).status).toBe('half_open');
    expect(play(open, ['succeeded'], NOW + 60_000).status).toBe('closed');
    expect(play(open, ['failed'], NOW + 60_000)).toMatchObject({ status: 'open', openUntil: NOW + 120_000 });
  });

  test('forgets what is older than a minute', () => {
    const spread = Array.from({ length: 100 }, (_, n): Verdict => (n % 8 === 7 ? 'failed' : 'succeeded'));
    const careful = play(CLOSED, spread);
    expect(shownCircuit(careful, NOW, RULES)).toBe('half_open');
    expect(failureRate(careful, NOW, RULES)).toBeCloseTo(0.12);
    expect(shownCircuit(careful, NOW + 61_000, RULES)).toBe('closed');
  });

  test('does not judge by a rate of fewer than twenty calls', () => {
    expect(play(CLOSED, ['failed', 'succeeded', 'failed', 'succeeded', 'failed']).status).toBe('closed');
  });

  test('says nothing of what is neither for nor against the endpoint', () => {
    expect(play(CLOSED, many(50, 'neutral'))).toEqual(CLOSED);
  });

  test('never is without a way back, and lets no more than three trials through between two reports', () => {
    const step = fc.record({
      ms: fc.nat(40_000),
      verdict: fc.constantFrom<Verdict>('succeeded', 'failed', 'neutral'),
      isBegin: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let [state, now] = [CLOSED, NOW];
        let underWay: number[] = [];
        for (const { ms, verdict, isBegin } of steps) {
          now += ms;
          state = circuitAt(state, now);
          if (isBegin && circuitRoom(state, underWay.length, now, RULES) >= 1) {
            state = passCircuit(state);
            underWay.push(state.generation);
          } else if (!isBegin && underWay.length > 0) {
            const [generation = 0] = underWay;
            underWay = underWay.slice(1);
            state = reportCircuit(state, { generation, verdict }, now, RULES);
          }
          if (state.status === 'open') expect(state.openUntil).toBeGreaterThan(now);
          const trials = underWay.filter((generation) => generation === state.generation).length;
          if (state.status === 'half_open') expect(trials).toBeLessThanOrEqual(3);
          // Nothing is under way that could decide: then somebody is let through, now or after the pause.
          if (state.status === 'half_open' && trials === 0) expect(circuitRoom(state, 0, now, RULES)).toBe(3);
        }
      }),
      { numRuns: 100 },
    );
  });
});
