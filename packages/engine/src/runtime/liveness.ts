/**
 * Who is dead (rule A6): a worker whose counter this process saw standing still for the whole bound, on its own monotonic
 * clock, while the store answered. No clock of another machine takes part.
 */
import type { Clock, FleetStore, Log } from '../ports/index.ts';

export type Liveness = {
  /** Looks at all workers once, declares the dead ones ended, and returns their ids. */
  endDead(): Promise<string[]>;
};

type Sighting = { counter: number; since: number };

/** A longer pause between two looks means that this process slept, or the store did not answer: it starts to watch anew. */
const BLIND_MS = 5000;

export function createLiveness(
  { fleet, clock, log }: { fleet: FleetStore; clock: Clock; log: Log },
  deadAfterMs: number,
): Liveness {
  let sightings = new Map<string, Sighting>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async endDead() {
      const workers = (await fleet.list()).filter((worker) => worker.endedAt === null);
      const now = clock.monotonicMs();
      const known = now - lookedAt > BLIND_MS ? new Map<string, Sighting>() : sightings;
      lookedAt = now;
      sightings = new Map(
        workers.map(({ id, counter }) => {
          const before = known.get(id);
          return [id, before?.counter === counter ? before : { counter, since: now }];
        }),
      );
      const dead = [...sightings].filter(([, { since }]) => now - since >= deadAfterMs).map(([id]) => id);
      if (dead.length === 0) return [];
      log.warn({ workers: dead }, 'workers are dead: their counters stand still');
      await fleet.end(dead);
      return dead;
    },
  };
}
