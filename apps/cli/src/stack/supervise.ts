/** A fixed number of worker processes under one supervisor. When all of them were drained, it has nothing to do. */
import { exitCodes } from '@weft/contract';

import type { RunningProcess } from './running-process.ts';
import { Place } from './worker-place.ts';
import type { PlaceOptions } from './worker-place.ts';

export type SuperviseOptions = PlaceOptions & { processes: number };

/** Starts the children and keeps their number. `stop` tells them to stop and waits for them. */
export function supervise(options: SuperviseOptions): RunningProcess {
  const places = Array.from({ length: options.processes }, () => new Place(options));
  for (const place of places) place.start();
  return {
    left: Promise.all(places.map(({ left }) => left)).then(() => exitCodes.ok),
    hurry() {
      for (const place of places) place.hurry();
    },
    async stop() {
      await Promise.all(places.map((place) => place.stop()));
    },
  };
}
