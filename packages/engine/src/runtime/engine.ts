/** The command side of the engine, as the producer sees it. */
import type { AppError, Json, WorkflowDocument } from '@weft/contract';

import type { Priority, RunHead, RunStatus, WorkflowRef } from '../domain/run/records.ts';
import type { StoredWorkflow } from '../ports/index.ts';

export type StartRequest = {
  /** A saved version. */
  workflow: WorkflowRef;
  input: Json;
  config: Json;
  /** Null: the document's. */
  priority: Priority | null;
  tags: string[];
  /** The caller's key and the hash of what it sent. */
  idempotency: { key: string; payloadHash: string } | null;
};

/** Which run, with the caller's key and the hash of what it sent. */
export type SteerRequest = { tenant: string; runId: string; idempotency?: StartRequest['idempotency'] };

/** A new run that has not moved yet: nothing but its start is stored, so it can be shown without being read. */
export type FreshRun = { head: RunHead; input: Json; tags: string[]; createdAt: number };

/**
 * `created` is false where the idempotency key had already started this run; what it has become since is not known here.
 * Else `status` is that of the commit, and `fresh` the run if it only began.
 */
export type StartResult =
  | { runId: string; created: true; status: RunStatus; fresh: FreshRun | null }
  | { runId: string; created: false; status: null };

export type Engine = {
  /** Saves a validated document; the same content again is the same version. */
  saveWorkflow(request: { tenant: string; document: WorkflowDocument }): Promise<StoredWorkflow & { created: boolean }>;
  /** Starts runs; durable once it returns. An error in the list (invalid input, reused key) concerns that run only. */
  startRuns(requests: readonly StartRequest[]): Promise<(StartResult | AppError)[]>;
  /**
   * Cancels a run. Throws AppError `not_found`, `conflict` if the run has ended, `idempotency_conflict` if the key was used
   * for something else. The same key again changes nothing.
   */
  cancelRun(request: SteerRequest & { reason: string }): Promise<void>;
  /** Arms what failed in a failed run again. Throws as `cancelRun` does, `conflict` if the run has not failed. */
  retryRun(request: SteerRequest): Promise<void>;
};
