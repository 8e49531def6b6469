/** How results of protocols are made. */
import type { JsonObject, TaskError, Usage } from '@weft/contract';
import type { CallReport } from '@weft/engine/ports';
import type { Failure } from '@weft/executors/failure';

import type { ProtocolResult } from '../protocol.ts';

export type Answered = Extract<ProtocolResult, { kind: 'answered' }>;
export type Failed = Extract<ProtocolResult, { kind: 'failed' }>;

/** What an endpoint said of how it wants to be asked. */
export type Learned = { retryAfterMs?: number; rateLimit?: CallReport['rateLimit'] };

export type FailedExtras = { retryable?: boolean; isFault?: boolean; details?: JsonObject };

/** A failed request; neither retryable nor a fault of the endpoint unless said. */
export function failed(code: string, message: string, extras: FailedExtras = {}): Failed {
  const { retryable = false, isFault = false, details } = extras;
  const error: TaskError = { code, message, retryable, ...(details === undefined ? {} : { details }) };
  return { kind: 'failed', error, isFault };
}

/** The failure of an executor's part as that of a protocol. */
export function fromFailure(failure: Failure, isFault: boolean): Failed {
  const { error, retryAfterMs, usage } = failure;
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { kind: 'failed', error, isFault, ...pause, ...(usage === undefined ? {} : { usage }) };
}

/** Adds what was learned from how the endpoint answered; what the answer itself says counts more. */
export function withLearned<T extends Answered | Failed>(result: T, { retryAfterMs, rateLimit }: Learned): T {
  const limit = result.rateLimit ?? rateLimit;
  const withLimit = limit === undefined ? result : { ...result, rateLimit: limit };
  if (withLimit.kind !== 'failed' || !withLimit.error.retryable) return withLimit;
  const pause = withLimit.retryAfterMs ?? retryAfterMs;
  return pause === undefined ? withLimit : { ...withLimit, retryAfterMs: pause };
}

/** Adds what it cost, if that is known. */
export function withUsage<T extends Answered | Failed>(result: T, usage: Usage | undefined): T {
  return usage === undefined ? result : { ...result, usage };
}
