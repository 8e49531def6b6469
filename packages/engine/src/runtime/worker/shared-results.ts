/**
 * Results of cached tasks, each computed once at a time.
 *
 * Tasks of this worker with the same key share a flight: the first of them flies, the others wait for what comes of it. The
 * one that flies asks the result cache: for a result, or else for the lease on computing it (`claim-result.ts`). With the
 * lease, which is renewed meanwhile, it runs its executor and keeps the result; a flight that ends without a result, for
 * whatever reason, gives the lease back, and the next one flies. A worker that dies leaves a lease that is not renewed.
 *
 * The cache saves work and decides nothing: where it cannot be reached the task runs, and no more than that is shared.
 */
import { makeUuidV7 } from '../../domain/ids.ts';
import { cleanJson } from '../../domain/outcome/clean.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { CachedResult, CacheEntry, CacheLease } from '../../ports/index.ts';
import { repeat } from '../repeat.ts';
import { ANSWER_MS, claimResult } from './claim-result.ts';
import type { ClaimDeps } from './claim-result.ts';
import { unlessAborted, within } from './unless-aborted.ts';

/** Larger results are not kept (bytes of JSON text). */
const MAX_RESULT_BYTES = 1024 * 1024;
/** A lease is renewed this often while it lasts. */
const RENEWALS = 3;

export type SharedTask = CacheEntry & {
  ttlMs: number;
  /** Ends the wait for the result of another. */
  signal: AbortSignal;
  /** Runs the executor. Null: it was stopped, and its outcome is not wanted any more. */
  run(): Promise<Outcome | null>;
};

/** Tasks that took a stored result, that shared one which was being computed, and that ran. */
export type CacheCounters = { hits: number; shared: number; misses: number };

type Flight = { result: CachedResult | null };

export class SharedResults {
  readonly counters: CacheCounters = { hits: 0, shared: 0, misses: 0 };
  readonly #deps: ClaimDeps;
  readonly #flights = new Map<string, Promise<CachedResult | null>>();

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
  }

  /** The outcome of the task, or of the one that ran for it. `aborted`: the signal was, while it waited. */
  async take(task: SharedTask): Promise<Outcome | null | 'aborted'> {
    // Who wants younger results than another does not share with it what may be an old one.
    const name = JSON.stringify([task.tenant, task.key, task.ttlMs]);
    for (let flight = this.#flights.get(name); flight; flight = this.#flights.get(name)) {
      const result = await unlessAborted(flight, task.signal);
      if (result === 'aborted') return 'aborted';
      if (result === null) continue;
      this.counters.shared += 1;
      return toOutcome(result);
    }
    return this.#fly(name, task);
  }

  async #fly(name: string, task: SharedTask): Promise<Outcome | null | 'aborted'> {
    const { promise, resolve } = Promise.withResolvers<CachedResult | null>();
    const flight: Flight = { result: null };
    this.#flights.set(name, promise);
    try {
      return await this.#lookUpOrRun(task, flight);
    } finally {
      this.#flights.delete(name);
      resolve(flight.result);
    }
  }

  async #lookUpOrRun(task: SharedTask, flight: Flight): Promise<Outcome | null | 'aborted'> {
    const { tenant, key } = task;
    const { clock } = this.#deps;
    const lease = { tenant, key, holder: makeUuidV7(clock.now(), clock.randomBytes(10)) };
    const claimed = await claimResult(this.#deps, task, lease);
    if (claimed === 'aborted') return 'aborted';
    if (claimed.kind === 'hit') {
      this.counters[claimed.waited ? 'shared' : 'hits'] += 1;
      flight.result = claimed.result;
      return toOutcome(claimed.result);
    }
    this.counters.misses += 1;
    if (claimed.kind === 'leading') return this.#lead(task, { lease, flight });
    const outcome = await task.run();
    flight.result = toResult(outcome);
    return outcome;
  }

  async #lead(task: SharedTask, { lease, flight }: { lease: CacheLease; flight: Flight }): Promise<Outcome | null> {
    const endRenewal = this.#renewing(lease);
    try {
      const outcome = await task.run();
      flight.result = toResult(outcome);
      return outcome;
    } finally {
      endRenewal();
      await this.#finish(lease, { result: flight.result, ttlMs: task.ttlMs });
    }
  }

  /** A lease that was lost stays lost; what is computed still counts for its own task. */
  #renewing(lease: CacheLease): () => void {
    const { results, leaseMs } = this.#deps;
    const end = repeat(this.#deps, {
      everyMs: leaseMs / RENEWALS,
      what: 'renewing the lease on a result',
      async work() {
        if (!(await results.renew(lease, leaseMs))) end();
      },
    });
    return end;
  }

  async #finish(lease: CacheLease, { result, ttlMs }: { result: CachedResult | null; ttlMs: number }): Promise<void> {
    const { results, clock, log } = this.#deps;
    try {
      const isKept = result !== null && isKeepable(result);
      const told = isKept ? results.keep(lease, { result, ttlMs }) : results.release(lease);
      // The task waits for it, so that whoever sees its run ended finds the result; but not for long.
      await within(clock, told, { ms: ANSWER_MS });
    } catch (error) {
      log.warn({ err: error, key: lease.key }, 'the result cache could not be told of a result');
    }
  }
}

/** Failures are nobody else's, and a goto belongs to the run that it was given for. */
function toResult(outcome: Outcome | null): CachedResult | null {
  if (outcome?.kind !== 'succeeded' || outcome.goto !== undefined) return null;
  const { output, stateUpdates } = outcome;
  return stateUpdates === undefined ? { output } : { output, stateUpdates };
}

/** What was spent was spent by the task that ran. */
function toOutcome(result: CachedResult): Outcome {
  return { kind: 'succeeded', ...result, cached: true };
}

function isKeepable({ output, stateUpdates }: CachedResult): boolean {
  const limits = { maxBytes: MAX_RESULT_BYTES, maxDepth: Number.POSITIVE_INFINITY };
  return cleanJson([output, stateUpdates ?? null], limits).ok;
}
