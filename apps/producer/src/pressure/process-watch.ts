/** Watches in the background whether this process itself has too much to do: memory and the lateness of its event loop. */
import { CALM, isAtLeast, nextZone } from '@weft/engine/domain';
import type { Clock, ProcessGauge } from '@weft/engine/ports';

/** Garbage is collected where memory is short, once in this time at most. */
const RELIEVE_MS = 5000;

export type ProcessWatch = {
  look(): Promise<void>;
  /** Whether new work is refused. What is under way, and all that is cheap, goes on. */
  readonly isOverloaded: boolean;
};

/** By the same law as a worker's: refused from the soft limit on, taken again below 85 % of it. */
export function watchProcess(gauge: ProcessGauge, clock: Pick<Clock, 'monotonicMs'>): ProcessWatch {
  let state = CALM;
  let relievedAt = Number.NEGATIVE_INFINITY;
  return {
    async look() {
      const { bounds, lagMs } = await gauge.read();
      const nowMs = clock.monotonicMs();
      const share = Math.max(...bounds.map(({ usedBytes, limitBytes }) => usedBytes / limitBytes));
      // A producer runs no tasks: that it does not get better for a while is no reason to leave.
      state = nextZone(state, { share, lagMs, running: 1, nowMs });
      if (!isAtLeast(state.memory, 'yellow') || nowMs - relievedAt < RELIEVE_MS) return;
      relievedAt = nowMs;
      await gauge.relieve();
    },
    get isOverloaded() {
      return isAtLeast(state.zone, 'orange');
    },
  };
}
