/** When a failed task is tried again. */
import type { RetryPause, TaskError } from '@weft/contract';

/** Backoff in milliseconds; `retryAfterMs` is what the failed attempt asked for, a floor for the delay as `minMs` is. */
export type RetryTiming = {
  initialMs?: number;
  factor?: number;
  maxMs?: number;
  minMs?: number;
  retryAfterMs?: number;
};

/** What a policy says beside the number of attempts. Codes are whole, or end with `*`. */
export type RetryRules = Required<Pick<RetryTiming, 'initialMs' | 'factor' | 'maxMs' | 'minMs'>> & {
  /** Only these; null: all that say that they may be retried. */
  retryOn: readonly string[] | null;
  neverOn: readonly string[];
  /** Other pauses, by code. */
  perError: readonly (readonly [code: string, pause: RetryPause])[];
  /** Since the begin of the first attempt that failed; null: no bound. */
  maxElapsedMs: number | null;
};

/** A peer may ask for any time; a day is as long as a task waits for it. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Whether another attempt may help, as far as the error is concerned. */
export function isWorthRetrying({ retryable, code }: TaskError, { retryOn, neverOn }: RetryRules): boolean {
  if (!retryable || neverOn.some((pattern) => matchesCode(pattern, code))) return false;
  return retryOn === null || retryOn.some((pattern) => matchesCode(pattern, code));
}

/** How the pauses after such an error are. The whole code counts before the beginning of one, and a longer one before a shorter. */
export function timingOf({ perError, initialMs, factor, maxMs, minMs }: RetryRules, code: string): RetryTiming {
  const fitting = perError.filter(([pattern]) => matchesCode(pattern, code));
  const [, own] = fitting.find(([pattern]) => pattern === code) ?? fitting.toSorted(longestFirst)[0] ?? [];
  return {
    initialMs: own?.initialMs ?? initialMs,
    factor: own?.factor ?? factor,
    maxMs: own?.maxMs ?? maxMs,
    minMs: own?.minMs ?? minMs,
  };
}

function longestFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return b.length - a.length;
}

function matchesCode(pattern: string, code: string): boolean {
  return pattern === code || (pattern.endsWith('*') && code.startsWith(pattern.slice(0, -1)));
}

/**
 * The delay before the attempt that follows `failures` failed ones (>= 1): full jitter, so between the floor and the cap.
 *
 * `draw` is in [0, 1); see `roll`.
 */
export function retryDelayMs(timing: RetryTiming, failures: number, draw: number): number {
  const asked = Math.min(Math.max(timing.retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS) || 0;
  return Math.max(asked, timing.minMs ?? 0, Math.floor(draw * retryCapMs(timing, failures)));
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
