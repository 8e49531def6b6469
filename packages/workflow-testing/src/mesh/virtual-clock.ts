import type { Clock } from '@weft/engine/ports';

import type { Chance } from './chance.ts';

/** A clock that stands still until it is moved, and never goes back. All chance comes from the seed. */
export type VirtualClock = Clock & {
  /** Moves on to this instant, epoch ms; one that has passed changes nothing. */
  moveTo(instant: number): void;
};

/**
 * Nothing may wait on it in the background: what is due is looked up in the rows of the runs, and whoever asks to be called
 * back never is. The time that an attempt takes is for the script to say.
 */
export function createVirtualClock(now: number, chance: Chance): VirtualClock {
  const startedAt = now;
  let current = now;
  return {
    now: () => current,
    monotonicMs: () => current - startedAt,
    after: () => () => undefined,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => chance.below(256)),
    moveTo: (instant) => {
      current = Math.max(current, instant);
    },
  };
}
