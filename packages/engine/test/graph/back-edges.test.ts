import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backEdges } from '../../src/domain/graph/back-edges.ts';

type Pair = { from: number; to: number };

function search(pairs: Pair[], size: number): ReturnType<typeof backEdges<number, Pair>> {
  const out = Map.groupBy(pairs, (pair) => pair.from);
  return backEdges(Array(size).keys(), (vertex) => out.get(vertex) ?? []);
}

describe('back edges', () => {
  test('close a circle, and the way leads from their target to their source', () => {
    const pairs = [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 1 },
    ];
    expect(search(pairs, 3)).toEqual([{ edge: { from: 2, to: 1 }, way: { head: [1, 2], skipped: 0, tail: [] } }]);
  });

  test('of a long circle are told with both ends of the way', () => {
    const pairs = Array.from({ length: 100_000 }, (_, i) => ({ from: i, to: (i + 1) % 100_000 }));
    const [back] = search(pairs, 100_000);
    expect(back?.way).toEqual({
      head: [0, 1, 2, 3, 4, 5],
      skipped: 99_988,
      tail: [99_994, 99_995, 99_996, 99_997, 99_998, 99_999],
    });
  });

  test('taken away leave a graph that can be put in order, and there are none in such a graph', () => {
    const vertex = fc.nat(11);
    fc.assert(
      fc.property(fc.array(fc.record({ from: vertex, to: vertex }), { maxLength: 40 }), (pairs) => {
        const backs = new Set(search(pairs, 12).map(({ edge }) => edge));
        expect(isAcyclic(pairs.filter((pair) => !backs.has(pair)))).toBe(true);
        expect(backs.size === 0).toBe(isAcyclic(pairs));
      }),
    );
  });
});

/** Takes away vertices without inbound edges until none is left. */
function isAcyclic(pairs: Pair[]): boolean {
  let left = pairs;
  for (;;) {
    const targets = new Set(left.map((pair) => pair.to));
    const next = left.filter((pair) => targets.has(pair.from));
    if (next.length === left.length) return next.length === 0;
    left = next;
  }
}
