/** When which faults are injected: storms of one to three, from the seed alone. */
import type { SeededRandom } from '@weft/testkit';

import { between, shuffled, streamOf } from './random.ts';

export type Strike = {
  kind: string;
  target: number;
  /** How long to wait after it before the next one of the storm, ms. */
  gapMs: number;
};

export type Storm = {
  number: number;
  /** In the order in which they are injected. */
  strikes: readonly Strike[];
  /** How long the mesh is left with all of them, ms. */
  holdMs: number;
  /** The order in which they are lifted, as indexes of `strikes`. */
  lifts: readonly number[];
  /** How long to wait before it, ms. */
  calmMs: number;
};

export type Catalogue = readonly { kind: string; group: string }[];

/** Without end. Every kind comes once before one comes again. */
export function* storms(seed: number, catalogue: Catalogue): Generator<Storm, never, undefined> {
  const random = streamOf(seed, 'storms');
  let deck: { kind: string; group: string }[] = [];
  for (let number = 1; ; number += 1) {
    if (deck.length < 3) deck = [...deck, ...shuffled(random, catalogue)];
    const dealt = deal(deck, random.pick([1, 1, 1, 2, 2, 3]));
    deck = deck.filter((one) => !dealt.includes(one));
    yield storm(number, dealt, random);
  }
}

/** From the top, passing over what does not go together with what is there. */
function deal(deck: Catalogue, count: number): Catalogue {
  const dealt: { kind: string; group: string }[] = [];
  for (const one of deck) {
    if (dealt.length < count && !dealt.some(({ group }) => group === one.group)) dealt.push(one);
  }
  return dealt;
}

function storm(number: number, dealt: Catalogue, random: SeededRandom): Storm {
  return {
    number,
    strikes: dealt.map(({ kind }) => ({
      kind,
      target: random.below(1000) / 1000,
      gapMs: between(random, 200, 2500),
    })),
    holdMs: random.chance(0.75) ? between(random, 500, 4000) : between(random, 4000, 11_000),
    lifts: shuffled(
      random,
      dealt.map((_, index) => index),
    ),
    calmMs: between(random, 300, 3000),
  };
}
