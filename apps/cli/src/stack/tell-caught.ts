/** Says in the log what the nets of this process have caught: outcomes that the fence refused, and what sweepers repaired. */
import type { Clock, Log } from '@weft/engine/ports';
import type { RunningEngine } from '@weft/engine/runtime';

const EVERY_MS = 2000;

type Parts = { engine: RunningEngine; clock: Clock; log: Log };

/** A line whenever a number has grown, at most one in two seconds; without faults there is none. Until the returned function is called. */
export function tellCaught({ engine, clock, log }: Parts): () => void {
  let told = JSON.stringify(caughtBy(engine));
  let cancel = (): void => undefined;
  const tell = (): void => {
    const caught = caughtBy(engine);
    const text = JSON.stringify(caught);
    if (text !== told) log.info(caught, 'caught');
    told = text;
  };
  const next = (): void => {
    cancel = clock.after(EVERY_MS, () => {
      tell();
      next();
    });
  };
  next();
  return () => {
    cancel();
    tell();
  };
}

function caughtBy({ settler, sweeper }: RunningEngine): Record<string, number> {
  return { refused: settler.counters.refused, ...sweeper.repairs };
}
