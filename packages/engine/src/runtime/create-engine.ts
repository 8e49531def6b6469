/** Puts the use cases together: what a producer or a worker process holds of the engine. */
import { AppError } from '@weft/contract';
import type { Json } from '@weft/contract';

import { contentHash } from '../domain/content-hash.ts';
import type { SentMail } from '../domain/run/records.ts';
import { createArtifacts } from './artifacts/artifacts.ts';
import { createAdmission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import type { EndpointBook } from './endpoints/endpoint-book.ts';
import { createRegistry } from './endpoints/create-registry.ts';
import { EndpointRooms } from './endpoints/endpoint-rooms.ts';
import type { Engine, StartResult } from './engine.ts';
import { createGraphCache } from './graph-cache.ts';
import type { GraphCache } from './graph-cache.ts';
import { createBudgetCommands } from './set-budgets.ts';
import { createLimitCommands } from './limits/set-limits.ts';
import { createMeshCommands } from './set-mesh.ts';
import { keepHouse } from './keep-house.ts';
import { createSettler } from './settler.ts';
import type { Settler } from './settler.ts';
import { createPost } from './post.ts';
import { createScheduling } from './schedules/create-scheduling.ts';
import type { Scheduler } from './schedules/scheduler.ts';
import { createRetention } from './retention.ts';
import { startChild } from './start-children.ts';
import { createStartRuns } from './start-runs.ts';
import type { RunToStart } from './start-runs.ts';
import { createSteering } from './steer-runs.ts';
import { directWorker } from './steering/direct-worker.ts';
import { createDeadLetters } from './steering/dead-letters.ts';
import { createSweeper, fireTimers } from './sweeper.ts';
import type { Sweeper, SweeperSettings } from './sweeper.ts';

export type RunningEngine = Engine & {
  readonly graphs: GraphCache;
  readonly settler: Settler;
  readonly sweeper: Sweeper;
  /** The endpoints as this process knows them. */
  readonly endpointBook: EndpointBook;
  /** Starts the runs of schedules, in a process that takes in new work. */
  readonly scheduler: Scheduler;
  /** Begins to sweep, to listen to timers and to keep house. */
  start(): void;
  /** Ends what is under way, within ten seconds; call it after the workers of this process have stopped. */
  stop(): Promise<void>;
};

/** A store that is gone must not keep the process: what is not committed by then is found by the sweepers of others. */
const GIVE_UP_MS = 10_000;

export function createEngine(deps: EngineDeps, settings?: { sweep: SweeperSettings }): RunningEngine {
  const graphs = createGraphCache(deps.workflows);
  const { endpointBook, probes, commands } = createRegistry(deps);
  const rooms = deps.meter ? new EndpointRooms(endpointBook, deps.meter) : null;
  const admission = createAdmission({ ...deps, endpoints: rooms });
  const post = createPost({ log: deps.log, advance, startChild: startChildOf });
  const shared = { ...deps, graphs, admission, post: (mail: readonly SentMail[]) => post.deliver(mail) };
  const settler = createSettler(shared);
  const sweeper = createSweeper(
    { ...deps, settler, admission, endpointBook, startChild: startChildOf },
    settings?.sweep,
  );
  const starter = createStartRuns({ ...shared, goOn: ({ id }) => void advance(id) });

  async function advance(runId: string): Promise<void> {
    await settler.settle({ runId, workflow: null, event: { type: 'advance' } });
  }

  async function startChildOf(runId: string): Promise<void> {
    await startChild({ ...deps, start: startOne, advance }, runId);
  }

  async function startOne(run: RunToStart): Promise<StartResult | AppError> {
    const [result] = await starter.start([run]);
    return result ?? new AppError('internal', 'the run was not started');
  }

  async function ended(): Promise<void> {
    await Promise.all([sweeper.stop(), admission.stop(), scheduling.scheduler.stop()]);
    await starter.idle();
    await post.idle();
    await settler.idle();
  }

  const steering = createSteering({ ...deps, settler, graphs, start: startOne });
  const scheduling = createScheduling({ ...deps, graphs, start: startOne, steering });
  let ends: (() => void)[] = [];

  return {
    graphs,
    files: createArtifacts(deps),
    settler,
    sweeper,
    endpointBook,
    saveWorkflow: (request) => deps.workflows.save({ ...request, hash: contentHash(request.document as Json) }),
    startRuns: (requests) => starter.start(requests),
    ...steering,
    ...scheduling,
    ...createDeadLetters({ ...deps, settler, graphs, start: startOne }),
    ...createRetention(deps),
    ...createLimitCommands({ ...deps, admission }),
    ...commands,
    ...createBudgetCommands(deps),
    ...createMeshCommands({ ...deps, endpointBook }),
    directWorker: (request) => directWorker(deps, request),
    start() {
      ends = [deps.timers.onDue((timers) => fireTimers(settler, timers)), keepHouse({ ...deps, probes })];
      sweeper.start();
    },
    async stop() {
      for (const end of ends.splice(0)) end();
      await inTime(deps.clock, ended());
      settler.stop();
    },
  };
}

/** Waits for it no longer than that. */
async function inTime(clock: Pick<EngineDeps['clock'], 'after'>, ended: Promise<void>): Promise<void> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(GIVE_UP_MS, resolve);
  await Promise.race([ended, tooLate]);
  cancel();
}
