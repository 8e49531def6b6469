import type { JsonObject } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';

/** An attempt that failed, as a value. */
export type Failure = Extract<Outcome, { kind: 'failed' }>;

/** What a failure may say beside its code and message. */
export type FailureExtras = { retryable?: boolean; details?: JsonObject; retryAfterMs?: number | undefined };

/** Builds a failed outcome; not retryable unless said. */
export function failure(code: string, message: string, extras: FailureExtras = {}): Failure {
  const { retryable = false, details, retryAfterMs } = extras;
  const error = { code, message, retryable, ...(details === undefined ? {} : { details }) };
  return { kind: 'failed', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/**
 * The outcome of an attempt that was told to stop: code `aborted`, retryable. Whoever aborted knows the true reason
 * (timeout, cancel, lost claim, shutdown) and may put it in this one's place.
 */
export function aborted(signal: AbortSignal): Failure {
  return failure('aborted', `The attempt was stopped: ${messageOf(signal.reason)}`, { retryable: true });
}

const MAX_MESSAGE_LENGTH = 2_000;

/** The message of whatever was thrown, at most 2,000 characters. */
export function messageOf(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
    return text.slice(0, MAX_MESSAGE_LENGTH);
  } catch {
    // An object without a usable toString.
    return 'an unprintable value was thrown';
  }
}
