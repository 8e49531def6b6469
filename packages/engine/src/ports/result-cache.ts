import type { Json, JsonObject } from '@weft/contract';

/** One computation of one tenant; the key is the hash of all that determines its result. */
export type CacheEntry = { tenant: string; key: string };

/** What is kept of a success, and taken by others in place of their own. */
export type CachedResult = { output: Json; stateUpdates?: JsonObject };

/** `holder` names who leads: one flight of one worker process. */
export type CacheLease = CacheEntry & { holder: string };

export type CacheRequest = CacheLease & {
  /** A result is taken only if it was stored less than this ago. */
  ttlMs: number;
  leaseMs: number;
  /** A result that was stored since this instant (epoch ms of the store) is taken, however short its time to live. */
  since: number | null;
};

/**
 * `hit`: there is a result. `leading`: the asker computes it, and holds the lease meanwhile. `led`: somebody else does;
 * `askedAt` is the instant of the question, for the next one's `since`.
 */
export type CacheAnswer =
  | { kind: 'hit'; result: CachedResult }
  | { kind: 'leading' }
  | { kind: 'led'; askedAt: number };

/**
 * Results of cached tasks, and who is computing one: at most one at a time for each entry, as long as leases are renewed.
 *
 * All time is the store's. Nothing in it is needed: what is lost is computed anew.
 */
export type ResultCache = {
  /** Gives the result, or else the lease, if nobody holds it. */
  claim(request: CacheRequest): Promise<CacheAnswer>;
  /** Holds the lease for `leaseMs` from now. Returns false if it is not the holder's any more. */
  renew(lease: CacheLease, leaseMs: number): Promise<boolean>;
  /** Keeps the holder's result for `ttlMs` from now, and ends its lease. Does nothing for anybody else. */
  keep(lease: CacheLease, kept: { result: CachedResult; ttlMs: number }): Promise<void>;
  /** Ends the holder's lease without a result, so that the next one to ask leads. */
  release(lease: CacheLease): Promise<void>;
};
