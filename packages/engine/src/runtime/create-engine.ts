/** Puts the use cases together: what a producer or a worker process holds of the engine. */
import type { Json } from '@weft/contract';

import { contentHash } from '../domain/content-hash.ts';
import { createAdmission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';
import { createGraphCache } from './graph-cache.ts';
import type { GraphCache } from './graph-cache.ts';
import { keepHouse } from './keep-house.ts';
import { createSettler } from './settler.ts';
import type { Settler } from './settler.ts';
import { createStartRuns } from './start-runs.ts';
import { createSteering } from './steer-runs.ts';
import { createSweeper, fireTimers } from './sweeper.ts';
import type { Sweeper, SweeperSettings } from './sweeper.ts';

export type RunningEngine = Engine & {
  readonly graphs: GraphCache;
  readonly settler: Settler;
  readonly sweeper: Sweeper;
  /** Begins to sweep, to listen to timers and to keep house. */
  start(): void;
  /** Ends what is under way; call it after the workers of this process have stopped. */
  stop(): Promise<void>;
};

export function createEngine(deps: EngineDeps, settings?: { sweep: SweeperSettings }): RunningEngine {
  const { clock, broker, dispatch, log } = deps;
  const graphs = createGraphCache(deps.workflows);
  const admission = createAdmission({ broker, dispatch, log, clock });
  const settler = createSettler({ ...deps, graphs, admission });
  const sweeper = createSweeper({ ...deps, settler, admission }, settings?.sweep);
  const starter = createStartRuns({
    ...deps,
    graphs,
    admission,
    goOn: ({ id, workflow }) => void settler.settle({ runId: id, workflow, event: { type: 'advance' } }),
  });
  let ends: (() => void)[] = [];

  return {
    graphs,
    settler,
    sweeper,
    saveWorkflow: ({ tenant, document }) =>
      deps.workflows.save({ tenant, document, hash: contentHash(document as Json) }),
    startRuns: (requests) => starter.start(requests),
    ...createSteering({ ...deps, settler, graphs }),
    start() {
      ends = [deps.timers.onDue((timers) => fireTimers(settler, timers)), keepHouse(deps)];
      sweeper.start();
    },
    async stop() {
      for (const end of ends.splice(0)) end();
      await sweeper.stop();
      await admission.stop();
      await starter.idle();
      await settler.idle();
      settler.stop();
    },
  };
}
