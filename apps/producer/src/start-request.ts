import { AppError } from '@weft/contract';
import type { StartRun } from '@weft/contract';
import { priorityLevel, unsupportedRunFields } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';
import type { StartRequest } from '@weft/engine/runtime';

import { summary } from './http/request-problems.ts';

/** What the engine needs to start the run that a request describes. */
export function startRequestOf(
  body: StartRun,
  { workflow, idempotency, key }: Pick<StartRequest, 'idempotency'> & { workflow: WorkflowRef; key: string | null },
): StartRequest {
  return {
    workflow,
    input: body.input ?? {},
    config: body.config ?? {},
    priority: body.priority === undefined ? null : priorityLevel(body.priority),
    tags: body.tags ?? [],
    ...(body.budget && { budget: body.budget }),
    key,
    idempotency,
  };
}

/** Throws AppError `node_type_unsupported` for fields that mean something, but not yet. */
export function refuseUnsupported(body: StartRun): void {
  const errors = unsupportedRunFields(body);
  if (errors.length > 0) throw new AppError('node_type_unsupported', summary(errors), { errors });
}
