/** Asks the result cache until it gives the result of a task, or the lease on computing it. */
import type { CachedResult, CacheLease, Clock, Log, ResultCache } from '../../ports/index.ts';
import { pauseUnlessAborted, within } from './unless-aborted.ts';

/** Who waits for a leader in another process asks again after a moment, and then less and less often. */
const ASK_AGAIN = { firstMs: 20, factor: 1.5, mostMs: 500 };
/** A cache that is not heard of for this long cannot be reached, ms. */
export const ANSWER_MS = 5000;

export type ClaimDeps = {
  results: ResultCache;
  /** How long a leader that has died is waited for. */
  leaseMs: number;
  clock: Clock;
  log: Log;
};

/** `unreachable`: the cache cannot say; the task is run without it. */
export type Claimed =
  | { kind: 'hit'; result: CachedResult; waited: boolean }
  | { kind: 'leading' }
  | { kind: 'unreachable' };

type Wait = { ttlMs: number; signal: AbortSignal };

/** `aborted`: the signal was. */
export async function claimResult(deps: ClaimDeps, wait: Wait, lease: CacheLease): Promise<Claimed | 'aborted'> {
  const { signal } = wait;
  let since: number | null = null;
  for (let ms = ASK_AGAIN.firstMs; !signal.aborted; ms = Math.min(ms * ASK_AGAIN.factor, ASK_AGAIN.mostMs)) {
    const answer = await ask(deps, wait, { lease, since });
    if (answer === 'aborted') return 'aborted';
    if (answer.kind === 'hit') return { ...answer, waited: since !== null };
    if (answer.kind !== 'led') return answer;
    since ??= answer.askedAt;
    await pauseUnlessAborted(deps.clock, { ms, signal });
  }
  return 'aborted';
}

async function ask(
  { results, leaseMs, clock, log }: ClaimDeps,
  { ttlMs, signal }: Wait,
  { lease, since }: { lease: CacheLease; since: number | null },
) {
  const { key } = lease;
  try {
    const asked = results.claim({ ...lease, ttlMs, leaseMs, since });
    const answer = await within(clock, asked, { ms: ANSWER_MS, signal });
    if (answer !== 'aborted' && answer !== 'late') return answer;
    // The answer may still come, and be the lease.
    asked
      .then(({ kind }) => (kind === 'leading' ? results.release(lease) : undefined))
      .catch((error: unknown) => log.debug({ err: error, key }, 'a lease on a result may have been left behind'));
    if (answer === 'aborted') return answer;
    log.warn({ key }, 'the result cache does not answer; the task runs without it');
  } catch (error) {
    log.warn({ err: error, key }, 'the result cache could not be asked; the task runs without it');
  }
  return { kind: 'unreachable' } as const;
}
