/** What every request to steer a run is checked for. */
import { AppError, pointerOf } from '@weft/contract';
import type { JsonObject, ProblemItem } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import { TERMINAL_RUN } from '../../domain/run/records.ts';
import { refuseUpdates } from '../../domain/run/state-updates.ts';
import type { StepRecord } from '../../domain/run/step-record.ts';
import type { RunRecord } from '../../ports/index.ts';
import type { SteerRequest } from '../engine.ts';
import type { SteerDeps } from './steer-deps.ts';

/** Throws AppError `not_found`. */
export async function runOf({ reader }: Pick<SteerDeps, 'reader'>, request: SteerRequest): Promise<RunRecord> {
  const run = await reader.run(request.tenant, request.runId);
  if (!run) throw new AppError('not_found', `there is no run ${request.runId}`);
  return run;
}

/** One of its steps. Throws AppError `not_found`, and says where those are that a fork shares with the run before it. */
export async function stepOf(
  { reader }: Pick<SteerDeps, 'reader'>,
  { head, forkedFrom }: RunRecord,
  step: number,
): Promise<StepRecord> {
  const [record] = await reader.steps(head.id, { afterStep: step - 1, limit: 1 });
  if (record?.step === step) return record;
  const before =
    forkedFrom && step <= forkedFrom.step
      ? `; it lies in the run that this one was forked from, ${forkedFrom.runId}`
      : '';
  throw new AppError('not_found', `there is no step ${step} of this run${before || `; the last one is ${head.step}`}`);
}

/** Throws AppError `conflict` for a run that has ended. */
export function refuseEnded({ head }: Pick<RunRecord, 'head'>, when: 'already' | 'meanwhile' = 'already'): void {
  if (TERMINAL_RUN.has(head.status)) throw new AppError('conflict', `the run has ended ${when}: ${head.status}`);
}

/** Throws AppError `invalid_input` with every update that the state cannot take, at `pointer`. */
export function checkUpdates(graph: Graph, updates: JsonObject, pointer: string): void {
  const errors = Object.entries(updates).flatMap(([key, update]): ProblemItem[] => {
    const refused = refuseUpdates(graph, [[key, update]]);
    return refused ? [{ code: refused.code, pointer: `${pointer}${pointerOf([key])}`, message: refused.message }] : [];
  });
  if (errors.length > 0) throw new AppError('invalid_input', errors[0]?.message, { errors });
}
