/** Replaying a run from one of its steps (rule C3). */
import { AppError } from '@weft/contract';

import type { ReplayRequest, SteerRequest } from '../engine.ts';
import { openLetters } from './letters.ts';
import { stateChangesOf } from './state-changes.ts';
import type { SteerDeps } from './steer-deps.ts';
import { workflowAt } from '../queries/checkpoints/version-along.ts';
import { runOf, stepOf } from './steered-run.ts';

export async function replayRun(deps: SteerDeps, request: SteerRequest & ReplayRequest): Promise<void> {
  const { runId, step } = request;
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown) {
    const { type } = await stepOf(deps, run, step);
    if (type === 'run_ended' || type === 'cancelled') throw new AppError('conflict', hadEnded(step));
  }
  const updates = stateChangesOf(await deps.graphs.load(await workflowAt(deps.reader, run, step)), request);
  await letters.send({ runId, kind: 'replay', payload: { step, updates } });
  if (!(await letters.stepIn(runId, run.head.step)))
    throw new AppError('conflict', `the run could not go on from step ${step}: it has changed meanwhile`);
}

function hadEnded(step: number): string {
  return `the run had ended with step ${step}; replay it from an earlier step, or retry it if it has failed`;
}
