/** A request to start a run that is sent again under its key. */
import { AppError } from '@weft/contract';

import type { StartResult, SteerRequest } from '../engine.ts';
import type { SteerDeps } from './steer-deps.ts';

/**
 * The run that this request has started; null if it has not. Asked before anything of the request is looked at: what it was made
 * of may have ended, or be gone. Throws AppError `idempotency_conflict`.
 */
export async function startedBefore(
  { runs }: Pick<SteerDeps, 'runs'>,
  { tenant, idempotency }: Pick<SteerRequest, 'tenant' | 'idempotency'>,
): Promise<StartResult | null> {
  const used = idempotency ? await runs.usedKey(tenant, idempotency.key) : null;
  if (!used) return null;
  if (used.payloadHash !== idempotency?.payloadHash)
    throw new AppError('idempotency_conflict', 'the idempotency key was used for another request');
  return { runId: used.runId, created: false, status: null };
}
