/**
 * Who is dead (rule A6): a worker whose counter this process saw standing still for the whole bound, on its own monotonic
 * clock, while the store answered. No clock of another machine takes part.
 */
import type { Clock, FleetStore, Log, WorkerRecord } from '../ports/index.ts';

export type Liveness = {
  /**
   * Looks at all workers once and declares the dead ones ended. Returns their ids, and those of workers that others have
   * seen end since the last look.
   */
  look(): Promise<{ dead: string[]; ended: string[] }>;
};

type Sighting = { counter: number; since: number };

/** A longer pause between two looks means that this process slept, or the store did not answer: it starts to watch anew. */
const BLIND_MS = 5000;

export function createLiveness(
  { fleet, clock, log }: { fleet: FleetStore; clock: Clock; log: Log },
  deadAfterMs: number,
): Liveness {
  let sightings = new Map<string, Sighting>();
  let ended = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  function watch(workers: WorkerRecord[], now: number): string[] {
    const known = now - lookedAt > BLIND_MS ? new Map<string, Sighting>() : sightings;
    lookedAt = now;
    sightings = new Map(
      workers.map(({ id, counter }) => {
        const before = known.get(id);
        return [id, before?.counter === counter ? before : { counter, since: now }];
      }),
    );
    return workers.map(({ id }) => id).filter((id) => now - (sightings.get(id)?.since ?? now) >= deadAfterMs);
  }

  return {
    async look() {
      const workers = await fleet.list();
      const before = ended;
      ended = new Set(workers.filter((worker) => worker.endedAt !== null).map(({ id }) => id));
      const dead = watch(
        workers.filter((worker) => worker.endedAt === null),
        clock.monotonicMs(),
      );
      if (dead.length > 0) {
        log.warn({ workers: dead }, 'workers are dead: their counters stand still');
        await fleet.end(dead);
      }
      return { dead, ended: Array.from(ended.difference(before)) };
    },
  };
}
