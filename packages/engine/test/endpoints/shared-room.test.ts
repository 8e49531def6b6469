import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SharedRoom } from '../../src/domain/endpoints/shared-room.ts';

const ENDPOINTS = ['a', 'b', 'c', 'd'];
const KEYS = ['k', 'l', 'm', 'n'];

/** By Hall's theorem: whatever keys are looked at, what they need has room where they can go. */
function fits(
  demand: Map<string, number>,
  places: Map<string, number>,
  endpointsOf: (key: string) => string[],
): boolean {
  return Array.from({ length: 2 ** KEYS.length }, (_, bits) => {
    const keys = KEYS.filter((_key, index) => (bits & (2 ** index)) !== 0);
    const need = keys.reduce((sum, key) => sum + (demand.get(key) ?? 0), 0);
    const reachable = new Set(keys.flatMap(endpointsOf));
    return need <= Array.from(reachable).reduce((sum, endpoint) => sum + (places.get(endpoint) ?? 0), 0);
  }).every(Boolean);
}

describe('room that keys share', () => {
  test('is given as long as all that have a place find one, and never beyond', () => {
    const story = fc.record({
      places: fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }),
      edges: fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
      takes: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.integer({ min: 1, max: 4 })), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(story, ({ places: counts, edges, takes }) => {
        const places = new Map(ENDPOINTS.map((endpoint, index) => [endpoint, counts[index] ?? 0]));
        const endpointsOf = (key: string): string[] =>
          ENDPOINTS.filter((_, index) => edges[KEYS.indexOf(key) * ENDPOINTS.length + index]);
        const room = new SharedRoom(places, endpointsOf);
        const demand = new Map<string, number>();
        for (const [key, count] of takes) {
          const taken = room.take(key, count);
          demand.set(key, (demand.get(key) ?? 0) + taken);
          expect(fits(demand, places, endpointsOf)).toBe(true);
          if (taken === count) continue;
          const more = new Map(demand).set(key, (demand.get(key) ?? 0) + 1);
          expect(fits(more, places, endpointsOf)).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is made by putting others elsewhere', () => {
    const room = new SharedRoom(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
      (key) => (key === 'any' ? ['a', 'b'] : [key]),
    );
    expect([room.take('any', 1), room.take('a', 1), room.take('b', 1)]).toEqual([1, 1, 0]);
  });
});
