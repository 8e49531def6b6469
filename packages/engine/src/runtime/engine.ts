/** The command side of the engine, as the producer sees it. */
import type { AppError, Json, JsonObject, WorkflowDocument } from '@weft/contract';

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
  /** Saves a validated document; the same content again is the same version. A variant is run only by who names its number. */
  saveWorkflow(request: {
    tenant: string;
    document: WorkflowDocument;
    isVariant?: boolean;
  }): Promise<StoredWorkflow & { created: boolean }>;
  /** Starts runs; durable once it returns. An error in the list (invalid input, reused key) concerns that run only. */
  startRuns(requests: readonly StartRequest[]): Promise<(StartResult | AppError)[]>;
  /**
   * Cancels a run. Throws AppError `not_found`, `conflict` if the run has ended, `idempotency_conflict` if the key was used
   * for something else. The same key again changes nothing.
   */
  cancelRun(request: SteerRequest & { reason: string }): Promise<void>;
  /** Arms what failed in a failed run again. Throws as `cancelRun` does, `conflict` if the run has not failed. */
  retryRun(request: SteerRequest): Promise<void>;
  /**
   * Has the run go on from one of its steps; what came after that is superseded. Throws `not_found` (no such run or step),
   * `conflict` (the run had ended with the step), `invalid_input` (the state cannot take the changes).
   */
  replayRun(request: SteerRequest & ReplayRequest): Promise<void>;
  /**
   * Starts a run that begins as this one was after one of its steps. Throws as `replayRun` does; `invalid_input` as well where
   * the other workflow does not fit.
   */
  forkRun(request: SteerRequest & ForkRequest): Promise<StartResult>;
  /** Starts the run again from its beginning, as another run. Throws `not_found`, `invalid_input`. */
  rerunRun(request: SteerRequest & RerunRequest): Promise<StartResult>;
  /**
   * Answers open questions of the run or of its children, each by its id, and passes breakpoints; without `answers`, all
   * breakpoints of the run and of its children are passed. `stateUpdates` are applied first, through the reducers. What goes to
   * one run holds altogether, or not at all. Throws `not_found` (no such run or question), `conflict` (answered already, no
   * breakpoint to pass, run has ended), `invalid_input` (an answer does not match its schema, a state key is not declared or
   * cannot take the update).
   */
  resumeRun(request: SteerRequest & ResumeRequest): Promise<void>;
  /** Updates the state, now, or right after `afterNode` settles if it has not yet; durable once it returns. Throws as above. */
  injectState(request: SteerRequest & InjectRequest): Promise<Injected>;
  /** Gives a signal to the run; one that nothing waits for yet is kept. Throws `not_found`, `conflict`, `invalid_input`. */
  signalRun(request: SteerRequest & { name: string; payload: Json }): Promise<void>;
};

/** What is changed in the state of a checkpoint: values that are replaced, and updates that go through the reducers after that. */
export type StateChanges = { stateOverrides: JsonObject | null; stateUpdates: JsonObject | null };

export type ReplayRequest = StateChanges & { step: number };

/**
 * `step` null: the last one. `workflow` null: the version of the run; else `edited` names the nodes that were edited in it, if it
 * was made for this.
 */
export type ForkRequest = StateChanges & {
  step: number | null;
  workflow: WorkflowRef | null;
  edited: readonly string[];
  tags: string[] | null;
};

/** What is null stays what it was. */
export type RerunRequest = {
  workflow: WorkflowRef | null;
  input: Json | null;
  config: Json | null;
  tags: string[] | null;
};

/** `by`: who answers, as far as is known. */
export type ResumeRequest = {
  answers: Readonly<Record<string, Json>> | null;
  stateUpdates: JsonObject | null;
  by: string | null;
};

export type InjectRequest = { updates: JsonObject; afterNode: string | null };

export type Injected = { applied: true; step: number } | { applied: false; pending: true };
