/**
 * How many of an endpoint's calls may be repeats: a fifth of those that succeed, and a few each second in any case. Without it
 * each failure of an outage would come back as another call, when there are too many already.
 */

export type RetryRules = {
  /** Each success earns so much of a repeat. */
  perSuccess: number;
  /** And each second so many. */
  perSecond: number;
  /** No more than so many are saved up. */
  most: number;
};

export const RETRY_RULES: RetryRules = { perSuccess: 0.2, perSecond: 10, most: 100 };

/** `left`: repeats at the instant `at`. */
export type RetryBudget = { left: number; at: number };

export const FULL_RETRIES: RetryBudget = { left: RETRY_RULES.most, at: 0 };

export function retriesAt({ left, at }: RetryBudget, now: number, rules: RetryRules): RetryBudget {
  const earned = (Math.max(0, now - at) / 1000) * rules.perSecond;
  return { left: Math.min(rules.most, left + earned), at: Math.max(at, now) };
}

/** Fifths do not add up to exactly one. */
const ONE = 1 - 1e-6;

/** How long until there is one, ms; 0: there is. Of a budget as it is now. */
export function waitForRetry({ left }: RetryBudget, rules: RetryRules): number {
  return left >= ONE ? 0 : Math.ceil(((1 - left) / rules.perSecond) * 1000);
}
