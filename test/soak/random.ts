/** Chance of a soak: every part draws from a stream of its own, so that what one does never changes what another draws. */
import { createSeededRandom } from '@weft/testkit';
import type { SeededRandom } from '@weft/testkit';

/** The stream of one part, such as a program by its number. */
export function streamOf(seed: number, part: string, index = 0): SeededRandom {
  let hash = seed >>> 0;
  for (const char of `${part} ${index}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return createSeededRandom(hash);
}

/** A whole number from `least` to `most`. */
export function between(random: SeededRandom, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** The same in an order of chance. */
export function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}
