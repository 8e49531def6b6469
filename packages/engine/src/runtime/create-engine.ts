/** Puts the use cases together: what a producer or a worker process holds of the engine. */
import { AppError } from '@weft/contract';
import type { Json } from '@weft/contract';

import { contentHash } from '../domain/content-hash.ts';
import { makeUuidV7 } from '../domain/ids.ts';
import { TERMINAL_RUN } from '../domain/run/records.ts';
import type { MailKind, RunStatus } from '../domain/run/records.ts';
import { createAdmission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';
import { createGraphCache } from './graph-cache.ts';
import type { GraphCache } from './graph-cache.ts';
import { keepHouse } from './keep-house.ts';
import { createSettler } from './settler.ts';
import type { Settler } from './settler.ts';
import { createStartRuns } from './start-runs.ts';
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

  /** Writes to the run's inbox, has it read, and gives the run's status after that. */
  async function mail(request: { tenant: string; runId: string; kind: MailKind; reason?: string }): Promise<RunStatus> {
    const { tenant, runId, kind, reason } = request;
    const id = makeUuidV7(clock.now(), clock.randomBytes(10));
    await deps.runs.sendMail(runId, { id, kind, payload: reason === undefined ? {} : { reason }, dedupeKey: id });
    await settler.settle({ runId, workflow: null, event: { type: 'advance' } });
    return (await statusOf(tenant, runId)).status;
  }

  async function statusOf(tenant: string, runId: string) {
    const run = await deps.reader.run(tenant, runId);
    if (!run) throw new AppError('not_found', `there is no run ${runId}`);
    return run.head;
  }

  return {
    graphs,
    settler,
    sweeper,
    saveWorkflow: ({ tenant, document }) =>
      deps.workflows.save({ tenant, document, hash: contentHash(document as Json) }),
    startRuns: (requests) => starter.start(requests),
    async cancelRun({ tenant, runId, reason }) {
      const before = await statusOf(tenant, runId);
      if (TERMINAL_RUN.has(before.status))
        throw new AppError('conflict', `the run has already ended: ${before.status}`);
      const status = await mail({ tenant, runId, kind: 'cancel', reason });
      if (status !== 'cancelled') throw new AppError('conflict', `the run has ended meanwhile: ${status}`);
    },
    async retryRun({ tenant, runId }) {
      const { status } = await statusOf(tenant, runId);
      if (status !== 'failed')
        throw new AppError('conflict', `only a failed run can be retried; this one is ${status}`);
      await mail({ tenant, runId, kind: 'retry' });
    },
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
