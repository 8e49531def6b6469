/** One incarnation of a process: what it holds in memory ends with it. */
import type { Clock } from '@weft/engine/ports';
import { createSeededRandom } from '@weft/testkit/seeded-random';
import type { SeededRandom } from '@weft/testkit/seeded-random';

import type { Agenda } from './agenda.ts';

/** When all worlds begin, epoch ms. */
export const BEGINNING = Date.UTC(2026, 0, 1);

/** A timer never rings early, and seldom on the dot. */
const TIMER_LATE_MS = 1;

export class SimProcess {
  readonly name: string;
  readonly random: SeededRandom;
  readonly clock: Clock;
  isAlive = true;
  /** It does nothing before this instant: a zombie goes on late. */
  pausedUntil = 0;
  /** Ended with the process: its connections. */
  readonly #endings = new Set<() => void>();

  constructor(agenda: Agenda, { name, seed, skewMs }: { name: string; seed: number; skewMs: number }) {
    const random = createSeededRandom(seed);
    const bornAt = agenda.now;
    this.name = name;
    this.random = random;
    this.clock = {
      now: () => Math.floor(BEGINNING + agenda.now + skewMs),
      monotonicMs: () => agenda.now - bornAt,
      after: (ms, callback) => agenda.after(ms + random.below(100) * (TIMER_LATE_MS / 100), this, callback),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
    };
  }

  /** Calls when the process is killed. Returns the function that takes it back. */
  onEnd(call: () => void): () => void {
    this.#endings.add(call);
    return () => this.#endings.delete(call);
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const end of this.#endings) end();
    this.#endings.clear();
  }
}
