import type { Candidate } from '../domain/limits/choose-tasks.ts';
import type { TaskMessage } from './broker.ts';

export type { Candidate } from '../domain/limits/choose-tasks.ts';

export type GateRequest = {
  tenant: string;
  /** Whether its tasks without a key are held back, too. */
  isLimited: boolean;
  /** How many candidates of one list are looked at. */
  perList: number;
  /** The same for one key, of which so many are offered or running. */
  perKey: (key: string, taken: number) => number;
  /** Keys behind this one are looked at first; null: from the first on. */
  afterKey: string | null;
  /** Gives places to what was offered without one: before there was a limit, or by a process that did not know of it. */
  adopts: boolean;
};

/** What is to be chosen from, seen by nobody else at the same time. Instants are epoch ms of the database. */
export type GateView = {
  now: number;
  /** How many tasks are offered or running, with each key and (null) without one. */
  taken: ReadonlyMap<string | null, number>;
  candidates: readonly Candidate[];
  /** The lanes that live workers serve, as they name them. */
  served: readonly string[];
  /** Where to go on with the next look at keys; null: from the first on. */
  nextKey: string | null;
};

/** The way on for tasks that are held back by limits (rule A1). */
export type GateStore = {
  /** Tenants of whose tasks with a key some wait. */
  keyedTenants(): Promise<string[]>;
  /**
   * One look at what a tenant holds back: `choose` is shown it, and what it gives is offered and takes places, all in one
   * transaction that no other process does for this tenant at the same time. Null where one is at it.
   */
  pass(request: GateRequest, choose: (view: GateView) => Promise<Candidate[]>): Promise<TaskMessage[] | null>;
};
