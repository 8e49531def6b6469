/** Whether the mesh moves, as its database says. */
import { setTimeout as wait } from 'node:timers/promises';

import type { LiveDatabase, UnderWay } from './live-database.ts';

/** The mesh did not come back in time. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

export type Progress = {
  /** From now on: until steps are committed again, and all that was under way has moved. Throws `Stalled`. */
  recovered(): Promise<{ movesMs: number; caughtUpMs: number }>;
  /** Until no run is open. Throws `Stalled` if for too long none of them moves. */
  quiet(): Promise<void>;
};

const STEPS = 20;
const LOOK_MS = 100;
/** Beyond the longest timeout of a connection that fell silent, with room for a machine that is busy with other things. */
const STALLED_MS = 150_000;

export function watchProgress(database: LiveDatabase): Progress {
  return {
    async recovered() {
      const from = performance.now();
      const since = (): number => Math.round(performance.now() - from);
      const [before, underWay] = await Promise.all([database.steps(), database.underWay()]);
      let movesMs: number | null = null;
      let left: UnderWay[] = underWay;
      for (;;) {
        const { steps, open } = await database.steps();
        if (steps - before.steps >= STEPS || open === 0) movesMs ??= since();
        left = await database.unmoved(left);
        if (movesMs !== null && left.length === 0) return { movesMs, caughtUpMs: since() };
        if (since() > STALLED_MS) throw new Stalled(complaint(steps - before.steps, left));
        await wait(LOOK_MS);
      }
    },
    async quiet() {
      let movedAt = performance.now();
      let last = -1;
      for (;;) {
        const { steps, open } = await database.steps();
        if (open === 0) return;
        if (steps !== last) movedAt = performance.now();
        last = steps;
        if (performance.now() - movedAt > STALLED_MS) throw new Stalled(`${open} runs are open and none of them moves`);
        await wait(5 * LOOK_MS);
      }
    },
  };
}

function complaint(steps: number, left: readonly UnderWay[]): string {
  const places = left.slice(0, 5).map(({ run, key, status }) => `${run} ${key} (${status})`);
  return `after ${STALLED_MS} ms ${steps} steps were committed, and ${left.length} tasks have not moved: ${places.join(', ')}`;
}
