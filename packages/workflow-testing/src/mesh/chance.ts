/** Chance that is the same for the same seed. */
export type Chance = {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
};

/** Mulberry32: 32 bits of state, good enough to choose an order. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  return {
    below(bound) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
    },
  };
}
