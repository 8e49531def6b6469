/** Starting a run again from its beginning, as another run. */
import { AppError } from '@weft/contract';

import type { RerunRequest, StartResult, SteerRequest } from '../engine.ts';
import type { SteerDeps } from './steer-deps.ts';
import { runOf } from './steered-run.ts';

export async function rerunRun(deps: SteerDeps, request: SteerRequest & RerunRequest): Promise<StartResult> {
  const { head, ...run } = await runOf(deps, request);
  const result = await deps.start({
    workflow: request.workflow ?? head.workflow,
    input: request.input ?? run.input,
    config: request.config ?? run.config,
    priority: head.priority,
    tags: request.tags ?? run.tags,
    idempotency: request.idempotency ?? null,
    ...(request.key !== undefined && { key: request.key }),
    like: { payer: head.payer, budget: run.budget },
    forkedFrom: { runId: head.id, step: 0 },
  });
  if (result instanceof AppError) throw result;
  return result;
}
