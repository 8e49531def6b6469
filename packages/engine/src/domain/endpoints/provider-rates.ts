/**
 * What a provider allows for one credential: requests and tokens in any minute, what it said itself is left, and pauses that it
 * asked for. Windows and not a bucket: a bucket lets twice its size through in its first minute.
 */
import type { EndpointLimits } from '@weft/contract';

import type { CallReport } from './call.ts';
import { counted, recent, SECOND_MS, waitFor } from './seconds.ts';
import type { Seconds } from './seconds.ts';

const MINUTE_MS = 60_000;
/** A peer may ask for any time; it is asked again after an hour. */
const LONGEST_REST_MS = 3_600_000;

export type ProviderRates = {
  requests: Seconds;
  tokens: Seconds;
  /** It asked to be left alone until then. */
  restUntil: number;
  /** By its own word so many requests are left until then. */
  allowed: { left: number; until: number } | null;
};

export const NO_RATES: ProviderRates = { requests: {}, tokens: {}, restUntil: 0, allowed: null };

/** More than a whole minute allows can never be had, so that much has to do. */
export function chargedTokens(tokens: number, limits: EndpointLimits): number {
  return Math.min(tokens, limits.tokensPerMinute ?? tokens);
}

/** How long a call that takes so many tokens has to wait, ms; 0: it may begin. */
export function waitForRates(rates: ProviderRates, limits: EndpointLimits, tokens: number, now: number): number {
  const { requestsPerMinute: most, tokensPerMinute: mostTokens } = limits;
  const window = { now, windowMs: MINUTE_MS };
  const waits = [rates.restUntil - now];
  if (rates.allowed !== null && rates.allowed.left < 1) waits.push(rates.allowed.until - now);
  if (most !== undefined) waits.push(waitFor(rates.requests, { ...window, need: 1, limit: most }));
  if (mostTokens !== undefined)
    waits.push(waitFor(rates.tokens, { ...window, need: chargedTokens(tokens, limits), limit: mostTokens }));
  return Math.max(0, Math.ceil(Math.max(...waits)));
}

/** How many calls that take so many tokens each may begin now. */
export function roomInRates(rates: ProviderRates, limits: EndpointLimits, tokens: number, now: number): number {
  if (waitForRates(rates, limits, tokens, now) > 0) return 0;
  const { requestsPerMinute: most, tokensPerMinute: mostTokens } = limits;
  const rooms = [Number.POSITIVE_INFINITY];
  if (rates.allowed !== null && now < rates.allowed.until) rooms.push(rates.allowed.left);
  if (most !== undefined) rooms.push(most - recent(rates.requests, now, MINUTE_MS));
  const each = chargedTokens(tokens, limits);
  if (mostTokens !== undefined && each > 0) rooms.push((mostTokens - recent(rates.tokens, now, MINUTE_MS)) / each);
  return Math.floor(Math.min(...rooms));
}

/** A call begins that takes so many tokens. */
export function spendRates(rates: ProviderRates, tokens: number, now: number): ProviderRates {
  const at = { second: Math.floor(now / SECOND_MS), now, windowMs: MINUTE_MS };
  const { allowed } = rates;
  const isOver = allowed === null || now >= allowed.until;
  return {
    ...rates,
    requests: counted(rates.requests, { ...at, more: 1 }),
    tokens: tokens === 0 ? rates.tokens : counted(rates.tokens, { ...at, more: tokens }),
    allowed: isOver ? null : { ...allowed, left: allowed.left - 1 },
  };
}

/** What a call was charged beyond its need goes back to the second in which it began; what it took beyond that counts now. */
export function settleTokens(
  rates: ProviderRates,
  { charged, second, used }: { charged: number; second: number; used: number },
  now: number,
): ProviderRates {
  if (used === charged) return rates;
  const at = { second: used < charged ? second : Math.floor(now / SECOND_MS), now, windowMs: MINUTE_MS };
  return { ...rates, tokens: counted(rates.tokens, { ...at, more: used - charged }) };
}

/** What the provider said with an answer. */
export function learnRates(
  rates: ProviderRates,
  { retryAfterMs, rateLimit }: Pick<CallReport, 'retryAfterMs' | 'rateLimit'>,
  now: number,
): ProviderRates {
  const rest = retryAfterMs === undefined ? 0 : now + within(retryAfterMs);
  const restUntil = Math.max(rates.restUntil, rest);
  if (rateLimit === undefined) return { ...rates, restUntil };
  return { ...rates, restUntil, allowed: { left: rateLimit.remaining, until: now + within(rateLimit.resetMs) } };
}

function within(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), LONGEST_REST_MS);
}
