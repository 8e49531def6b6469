import { AppError } from '@weft/contract';
import type { StartRun } from '@weft/contract';
import { priorityLevel } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';
import type { CallbackStore } from '@weft/engine/ports';
import type { StartRequest } from '@weft/engine/runtime';

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
    ...(body.callbacks && { callbacks: body.callbacks }),
    key,
    idempotency,
  };
}

/** Throws AppError `no_encryption_key` for secrets that could not be stored. */
export function refuseUnsealed({ canSeal }: Pick<CallbackStore, 'canSeal'>, { callbacks = [] }: StartRun): void {
  if (canSeal) return;
  const message = 'the server has no key to encrypt a secret with: set WEFT_ENCRYPTION_KEY for all processes';
  const errors = callbacks.flatMap(({ secret }, index) => {
    return secret === undefined ? [] : [{ code: 'no_encryption_key', pointer: `/callbacks/${index}/secret`, message }];
  });
  if (errors.length > 0) throw new AppError('no_encryption_key', message, { errors });
}
