import type { Priority } from '../domain/run/records.ts';

/** How many tasks are counted at most, where counting all of them would take long. */
export const MOST_COUNTED = 10_000;

/** What a tenant, or one of its keys, has on its way; `fullSince`: when a place was taken last. Epoch ms of the database. */
export type InUse = { running: number; waiting: number; fullSince: number | null; now: number };

/**
 * A list of a lane: `waiting` is held in the store, `offered` is on the lane or was just claimed. No more than MOST_COUNTED are
 * counted of each. `keyed`: those of `waiting` that a limit or an endpoint may hold back. `oldestAt`: since when the oldest of them is ready.
 */
export type QueuedList = {
  lane: string;
  tenant: string;
  priority: Priority;
  waiting: number;
  keyed: number;
  offered: number;
  oldestAt: number;
};

/** Looking at what waits, for people; nothing is decided by it. */
export type QueueReader = {
  /** What is offered or running of a tenant (`key` null) or with one of its keys, and what waits in the store. */
  inUse(tenant: string, key: string | null): Promise<InUse>;
  /** The keys with which tasks of the tenant are offered, run or wait; no more than `limit`. */
  keysInUse(tenant: string, limit: number): Promise<string[]>;
  /** How many tasks wait in the store that are offered before this one; MOST_COUNTED at most. */
  ahead(task: { runId: string; key: string; epoch: number }): Promise<number>;
  /** The lists on which tasks are ready. */
  lists(): Promise<QueuedList[]>;
};
