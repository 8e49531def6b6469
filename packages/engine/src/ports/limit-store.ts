import type { Limit, Rate } from '../domain/limits/limit.ts';

export type { Limit, Rate } from '../domain/limits/limit.ts';

/** What one tenant may have on its way, and its share (`weight`: messages in one of its turns). */
export type TenantLimit = Limit & { tenant: string; weight: number; updatedAt: number };

/** What the tasks with one key may; a `key` that ends with `*` speaks for each key that begins so. */
export type KeyLimit = Limit & { tenant: string; key: string; updatedAt: number };

export type PausedLane = { lane: string; since: number };

/** All that is set; `version` rises with each change. */
export type LimitTable = { version: number; tenants: TenantLimit[]; keys: KeyLimit[]; paused: PausedLane[] };

/** Limits, shares and paused lanes, as they are set by whoever runs the mesh. */
export type LimitStore = {
  /** All that is set; null where nothing has changed since that version. */
  load(since: number | null): Promise<LimitTable | null>;
  setTenant(tenant: string, limit: Limit & { weight: number }): Promise<void>;
  setKey(tenant: string, key: string, limit: Limit): Promise<void>;
  /** False if there was none. */
  removeKey(tenant: string, key: string): Promise<boolean>;
  /** Pausing what is paused changes nothing. */
  pauseLane(lane: string): Promise<void>;
  resumeLane(lane: string): Promise<void>;
};

/** A rate that is spent under a name; the tasks of a tenant spend each for themselves. */
export type RateKey = Rate & { name: string };

/**
 * How often what is limited may begin (GCRA). It may forget: then a burst is allowed once more. Instants are the database's,
 * epoch ms.
 */
export type RateLimiter = {
  /**
   * For each request, in order: admits it under all its keys, or under none. Gives 0, or how long it would have to wait at
   * least, ms. One step for all of them.
   */
  admit(tenant: string, now: number, requests: readonly (readonly RateKey[])[]): Promise<number[]>;
  /** How long a request under these keys would have to wait, ms; spends nothing. */
  waitMs(tenant: string, now: number, keys: readonly RateKey[]): Promise<number>;
};
