/** Numbers and graphs that are the same for the same seed. */
import type { WorkflowDocument } from '@weft/contract';

import { PAYLOAD } from '../mesh/side.ts';

/** Mulberry32: even numbers from 0 to below 1. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A time about the median, with a tail: lognormal. */
export function lognormal(random: () => number, median: number, sigma: number): number {
  const gauss = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * gauss);
}

/** How far back the nodes reach that a node needs: the graph is as wide whatever its size. */
const REACH = 50;

/** Each node needs one to three of those just before it. */
export function randomDag(size: number, seed: number): WorkflowDocument {
  const random = seeded(seed);
  const nodes = Array.from({ length: size }, (_, n) => {
    const count = n === 0 ? 0 : 1 + Math.floor(random() * 3);
    const needs = new Set(Array.from({ length: count }, () => n - 1 - Math.floor(random() * Math.min(n, REACH))));
    const task = { type: 'task' as const, uses: 'echo', with: { payload: PAYLOAD } };
    return [`n${n}`, { ...task, ...(n > 0 && { needs: Array.from(needs, (need) => `n${need}`) }) }];
  });
  return { name: `bench-dag-${size}`, nodes: Object.fromEntries(nodes) };
}
