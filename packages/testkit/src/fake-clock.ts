import type { Clock } from '@weft/engine/ports';

import { createSeededRandom } from './seeded-random.ts';

export type FakeClockOptions = {
  /** Where the clock stands at first, epoch ms (2026-01-01). */
  now?: number;
  /** Of its random bytes (1). */
  seed?: number;
};

/** A clock that moves only when told to. */
export type FakeClock = Clock & {
  /**
   * Moves on by `ms` and calls what falls due on the way, in order of due time, then of request; also what those calls
   * ask for, if it is due in time. Each sees the clock at its own due time. Throws RangeError if asked to go back.
   */
  advance(ms: number): void;
  /** How many callbacks are asked for. */
  readonly pending: number;
};

type Callback = { dueAt: number; call: () => void };

/** Both the wall clock and the monotonic clock move by `advance`; randomness follows the seed. */
export function createFakeClock({ now = Date.UTC(2026, 0, 1), seed = 1 }: FakeClockOptions = {}): FakeClock {
  const random = createSeededRandom(seed);
  const callbacks = new Set<Callback>();
  let elapsedMs = 0;

  const runNext = (until: number): boolean => {
    const next = earliest(callbacks);
    if (next === null || next.dueAt > until) return false;
    callbacks.delete(next);
    elapsedMs = Math.max(elapsedMs, next.dueAt);
    next.call();
    return true;
  };

  return {
    now: () => now + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (ms, call) => {
      const callback = { dueAt: elapsedMs + Math.max(0, ms), call };
      callbacks.add(callback);
      return () => {
        callbacks.delete(callback);
      };
    },
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
    advance: (ms) => {
      if (!(ms >= 0)) throw new RangeError(`a clock does not go back (${ms} ms)`);
      const until = elapsedMs + ms;
      while (runNext(until));
      elapsedMs = until;
    },
    get pending() {
      return callbacks.size;
    },
  };
}

/** The set keeps the order of request, which decides between equal due times. */
function earliest(callbacks: Iterable<Callback>): Callback | null {
  let first: Callback | null = null;
  for (const callback of callbacks) if (first === null || callback.dueAt < first.dueAt) first = callback;
  return first;
}
