import type { CallReport } from '@weft/engine/ports';
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '@weft/executors/http/retry-after';

import type { Learned } from '../result.ts';

type RateLimit = NonNullable<CallReport['rateLimit']>;

/** How each family of providers writes remaining, limit and reset. The first one that is there is read. */
const FAMILIES: readonly (readonly [remaining: string, limit: string, reset: string])[] = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-limit-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-limit-tokens', 'x-ratelimit-reset-tokens'],
  [
    'anthropic-ratelimit-requests-remaining',
    'anthropic-ratelimit-requests-limit',
    'anthropic-ratelimit-requests-reset',
  ],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-limit', 'anthropic-ratelimit-tokens-reset'],
  ['x-ratelimit-remaining', 'x-ratelimit-limit', 'x-ratelimit-reset'],
  ['ratelimit-remaining', 'ratelimit-limit', 'ratelimit-reset'],
];

/** Beyond this a number of a reset is an instant, in seconds since 1970, and not a pause. */
const EPOCH_SECONDS = 1_000_000_000;

const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/**
 * What the headers of a response say of when to ask again: `Retry-After` (also in ms), and the rate limit of requests; of
 * whatever has run out, if something has. Pauses are at most an hour.
 */
export function learnFrom(headers: Headers, nowMs: number): Learned {
  const pause = retryAfterInMs(headers) ?? retryAfterMs(headers, nowMs);
  const limits = FAMILIES.map((family) => limitOf(headers, family, nowMs)).filter((limit) => limit !== null);
  const spent = limits.filter(({ remaining }) => remaining === 0).toSorted((one, other) => other.resetMs - one.resetMs);
  const rateLimit = spent[0] ?? limits[0];
  return {
    ...(pause === undefined ? {} : { retryAfterMs: pause }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  };
}

function retryAfterInMs(headers: Headers): number | undefined {
  const ms = numberOf(headers.get('retry-after-ms'));
  return ms === null ? undefined : bounded(ms);
}

function limitOf(headers: Headers, [left, whole, until]: (typeof FAMILIES)[number], nowMs: number): RateLimit | null {
  const remaining = numberOf(headers.get(left));
  const resetMs = pauseOf(headers.get(until), nowMs);
  if (remaining === null || resetMs === null) return null;
  const limit = numberOf(headers.get(whole));
  return { remaining, resetMs, ...(limit === null ? {} : { limit }) };
}

/** `1s`, `6m0s`, `20ms`, a number of seconds, an instant in seconds since 1970, or one as ISO 8601. */
function pauseOf(text: string | null, nowMs: number): number | null {
  const value = text?.trim() ?? '';
  const seconds = numberOf(value);
  if (seconds !== null) return bounded(seconds > EPOCH_SECONDS ? seconds * 1000 - nowMs : seconds * 1000);
  const [, days, hours, minutes, rest, ms] = DURATION.exec(value) ?? [];
  const parts = [days, hours, minutes, rest, ms];
  if (parts.some((part) => part !== undefined)) {
    const units = [86_400_000, 3_600_000, 60_000, 1000, 1];
    return bounded(parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (units[index] ?? 0), 0));
  }
  const instant = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? null : bounded(instant - nowMs);
}

function numberOf(text: string | null): number | null {
  const value = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}

function bounded(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
