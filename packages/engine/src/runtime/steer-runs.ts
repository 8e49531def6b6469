/** Steering runs from outside, by mail (rule A10). A request that is sent again under its key is carried out once. */
import { AppError } from '@weft/contract';

import type { Engine, SteerRequest } from './engine.ts';
import { migrateRun } from './migrations/migrate-run.ts';
import type { MigrateDeps } from './migrations/migrate-run.ts';
import { migrateWorkflow } from './migrations/migrate-workflow.ts';
import { forkRun } from './steering/fork-run.ts';
import { injectState } from './steering/inject-state.ts';
import { openLetters } from './steering/letters.ts';
import { replayRun } from './steering/replay-run.ts';
import { rerunRun } from './steering/rerun-run.ts';
import { resumeRun } from './steering/resume-run.ts';
import { signalRun } from './steering/signal-run.ts';
import { startedBefore } from './steering/started-before.ts';
import type { SteerDeps } from './steering/steer-deps.ts';
import { wakeTask } from './steering/wake-task.ts';
import { refuseEnded, runOf } from './steering/steered-run.ts';

/** The use cases that steer a run from outside. */
export type Steering = Pick<
  Engine,
  | 'cancelRun'
  | 'retryRun'
  | 'replayRun'
  | 'forkRun'
  | 'rerunRun'
  | 'startedBefore'
  | 'resumeRun'
  | 'injectState'
  | 'signalRun'
  | 'wakeTask'
> &
  Pick<Engine, 'migrateRun' | 'migrateWorkflow'>;

export function createSteering(deps: MigrateDeps): Steering {
  return {
    cancelRun: (request) => cancelRun(deps, request),
    retryRun: (request) => retryRun(deps, request),
    replayRun: (request) => replayRun(deps, request),
    forkRun: (request) => forkRun(deps, request),
    rerunRun: (request) => rerunRun(deps, request),
    startedBefore: (request) => startedBefore(deps, request),
    resumeRun: (request) => resumeRun(deps, request),
    injectState: (request) => injectState(deps, request),
    signalRun: (request) => signalRun(deps, request),
    wakeTask: (task) => wakeTask(deps, task),
    migrateRun: (request) => migrateRun(deps, request),
    migrateWorkflow: (request) => migrateWorkflow(deps, request),
  };
}

async function cancelRun(deps: SteerDeps, { reason, ...request }: SteerRequest & { reason: string }): Promise<void> {
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown) refuseEnded(run);
  await letters.send({ runId: request.runId, kind: 'cancel', payload: { reason } });
  const { head } = await runOf(deps, request);
  if (head.status !== 'cancelled') throw new AppError('conflict', `the run has ended meanwhile: ${head.status}`);
}

async function retryRun(deps: SteerDeps, request: SteerRequest): Promise<void> {
  const { head } = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown && head.status !== 'failed')
    throw new AppError('conflict', `only a failed run can be retried; this one is ${head.status}`);
  await letters.send({ runId: request.runId, kind: 'retry', payload: {} });
}
