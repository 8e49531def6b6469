/** When a failed task is tried again. */

/** Backoff in milliseconds; `retryAfterMs` is what the failed attempt asked for, a floor for the delay. */
export type RetryTiming = { initialMs?: number; factor?: number; maxMs?: number; retryAfterMs?: number };

/** A peer may ask for any time; a day is as long as a task waits for it. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * The delay before the attempt that follows `failures` failed ones (>= 1): full jitter, so between 0 and the cap.
 *
 * `draw` is in [0, 1); see `roll`.
 */
export function retryDelayMs(timing: RetryTiming, failures: number, draw: number): number {
  const floor = Math.min(Math.max(timing.retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS) || 0;
  return Math.max(floor, Math.floor(draw * retryCapMs(timing, failures)));
}

/** The longest delay after `failures` failed attempts: `initialMs * factor^(failures - 1)`, at most `maxMs`. */
export function retryCapMs(timing: RetryTiming, failures: number): number {
  const { initialMs = 500, factor = 2, maxMs = 30_000 } = timing;
  return Math.min(maxMs, initialMs * factor ** (Math.max(failures, 1) - 1));
}

/** A draw in [0, 1) that depends on nothing but its arguments: the engine needs no source of randomness. */
export function roll(taskId: string, attempt: number): number {
  let hash = 0x811c9dc5;
  const text = `${taskId}/${attempt}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
