import { createSeededRandom } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { IndexedHeap } from '../src/indexed-heap.ts';

type Element = { rank: number; heapIndex: number };

describe('an indexed heap', () => {
  test('knows its first element through any adding, moving and leaving', () => {
    const random = createSeededRandom(11);
    const heap = new IndexedHeap<Element>((element) => element.rank);
    const elements = Array.from({ length: 40 }, (): Element => ({ rank: 0, heapIndex: -1 }));
    for (let step = 0; step < 4_000; step++) {
      const element = random.pick(elements);
      if (random.chance(0.4)) heap.remove(element);
      else heap.place(Object.assign(element, { rank: random.below(1_000) }));
      const inside = elements.filter(({ heapIndex }) => heapIndex !== -1).map(({ rank }) => rank);
      expect(heap.first?.rank ?? null).toBe(inside.length === 0 ? null : Math.min(...inside));
    }
  });
});
