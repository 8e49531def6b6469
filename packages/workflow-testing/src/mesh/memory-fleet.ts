import type { Clock, FleetStore, WorkerRecord } from '@weft/engine/ports';

const HOUR_MS = 3_600_000;

export type MemoryFleet = FleetStore & {
  /** One that is not known was forgotten long ago, or never registered. */
  find(id: string | null): WorkerRecord | undefined;
};

/** Which workers there are. */
export function createMemoryFleet(clock: Pick<Clock, 'now'>): MemoryFleet {
  const workers = new Map<string, WorkerRecord>();
  return {
    find: (id) => (id === null ? undefined : workers.get(id)),
    async register(worker) {
      if (workers.has(worker.id)) return;
      const now = clock.now();
      workers.set(worker.id, { ...worker, startedAt: now, beatAt: now, endedAt: null });
    },
    async beat(beat) {
      const worker = workers.get(beat.id);
      if (!worker || worker.endedAt !== null) return false;
      Object.assign(worker, beat, { beatAt: clock.now() });
      return true;
    },
    async list() {
      const since = clock.now() - HOUR_MS;
      const isListed = ({ endedAt }: WorkerRecord): boolean => endedAt === null || endedAt > since;
      return Array.from(workers.values())
        .filter(isListed)
        .map((worker) => ({ ...worker }));
    },
    async end(ids) {
      for (const id of ids) {
        const worker = workers.get(id);
        if (worker && worker.endedAt === null) Object.assign(worker, { endedAt: clock.now(), running: 0 });
      }
    },
  };
}
