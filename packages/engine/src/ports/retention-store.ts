import type { RetentionPolicy, RetentionRule, Storage } from '@weft/contract';

import type { RunStatus } from '../domain/run/records.ts';

export type { RetentionPolicy, RetentionRule };

/** A key of the tenant's policies. */
export type PolicyKey = { tenant: string; workflow: string | null };

/**
 * Which ended runs go: those that are older than this and are not among the newest `keep` of their workflow; with neither,
 * what the policies say. `workflow` and `statuses` narrow it; null does not.
 */
export type PruneRequest = {
  tenant: string;
  workflow: string | null;
  statuses: RunStatus[] | null;
  olderThanMs: number | null;
  keep: number | null;
  archive: boolean;
  /** Only count. */
  dryRun: boolean;
  /** No new window is begun after this many ms. */
  budgetMs: number;
};

/** `bytes`: about what the rows took. `isDone`: nothing is left to be deleted. */
export type Pruned = { runs: number; bytes: number; archived: number; isDone: boolean };

/** `busy`: another prune is at work in this database. `no_archive`: no place for archives is configured. */
export type PruneResult = ({ kind: 'pruned' } & Pruned) | { kind: 'busy' } | { kind: 'no_archive' };

/** `live`: it, or a child of it, has not ended or has unread mail. `child`: it goes with its parent. */
export type DeleteResult =
  | { kind: 'deleted'; runs: number; bytes: number }
  | { kind: 'live' | 'missing' | 'busy' }
  | { kind: 'child'; parent: string };

/** A table with its partitions. Rows are the server's estimates. */
export type TableStorage = Storage['tables'][number];

/** How long runs are kept, and what they take. */
export type RetentionStore = {
  /** What holds where no policy does. */
  readonly fallback: RetentionRule | null;
  policies(tenant: string): Promise<RetentionPolicy[]>;
  setPolicy(tenant: string, policy: RetentionPolicy): Promise<void>;
  /** False if there was none. */
  removePolicy(key: PolicyKey): Promise<boolean>;
  /** Deletes ended runs in small transactions. Only one prune is at work in a database at a time. */
  prune(request: PruneRequest): Promise<PruneResult>;
  /** Deletes what the policies of all tenants and the fallback let go, by whole partitions where that is possible. */
  enforce(): Promise<PruneResult>;
  /** Deletes an ended run with the children that it has. */
  deleteRun(tenant: string, runId: string): Promise<DeleteResult>;
  /** About how many bytes the rows of a run take. */
  bytesOf(runId: string): Promise<number>;
  storage(): Promise<TableStorage[]>;
};
