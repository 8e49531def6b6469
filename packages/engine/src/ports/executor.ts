import type { ArtifactRef, Json, JsonObject, TaskError } from '@weft/contract';

import type { Outcome } from '../domain/outcome/outcome.ts';
import type { ByteRange } from './artifact-store.ts';
import type { PassageStore } from './passage-store.ts';
import type { BudgetLeft, Estimate, OnExceeded, Payer } from './budget-store.ts';

export type { TaskError, Usage } from '@weft/contract';
export type { Outcome } from '../domain/outcome/outcome.ts';

/** One log line of an executor; goes to the worker's log with the task's ids. */
export type ExecutorLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: JsonObject) => void;

/**
 * `held`: others have reserved what is wanted and may give it back; worth asking again in so long. `onExceeded`: what the run wants
 * where it is refused; what is left tells whether something cheaper would fit (null: no bound, or not known).
 */
export type Reserved =
  | ({ kind: 'granted' } & BudgetLeft)
  | ({ kind: 'held'; afterMs: number } & BudgetLeft)
  | ({ kind: 'refused'; error: TaskError; onExceeded: OnExceeded } & BudgetLeft);

/** The budgets that an attempt is charged to. */
export type CallBudget = {
  /**
   * Reserves in all of them or in none; waits a little where others may give back enough. Asked again it takes the place of
   * what the attempt, or the one before it, has reserved. The worker settles with the usage of the outcome, and gives back where
   * there is none; but an outcome of the kind `again` without usage leaves what is reserved to the next attempt.
   */
  reserve(estimate: Estimate): Promise<Reserved>;
  /** Nothing was spent, and nothing will be: what is reserved is given back when the attempt is over, whatever its outcome. */
  release(): void;
};

/** The files of the call's tenant. Failures are ArtifactErrors; one that an executor does not catch fails its attempt with the error's code. */
export type CallArtifacts = {
  /** Keeps a file; durable once this returns. `mediaType` is `application/octet-stream` where it is left out. */
  write(file: { name: string; mediaType?: string }, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<ArtifactRef>;
  /** The newest that the call's run has written or read. */
  list(limit: number): Promise<ArtifactRef[]>;
  /** `artifact_missing` where the tenant has no such file. The body must be read or returned. */
  read(artifact: string, range?: ByteRange): Promise<{ ref: ArtifactRef; body: AsyncIterable<Uint8Array> }>;
};

/** One call of an executor: the attempt's rendered input and what it may use while it runs. */
export type ExecutorCall = {
  /** The node's rendered `with`. */
  input: Json;
  /** Aborted on timeout, cancel, lost claim or shutdown; `signal.reason` says which. An executor obeys within 1 s. */
  signal: AbortSignal;
  runId: string;
  taskId: string;
  node: string;
  /** Numbered from 1; the fencing token. */
  attempt: number;
  /** What the attempt before has left by an outcome of the kind `again`; null for the first one. */
  memo: Json;
  tenant: string;
  /** Who is charged for its run; what it starts itself is charged to the same. */
  payer: Payer | null;
  /** Stable over attempts: pass it on, so that the outside can recognise a repeat. */
  idempotencyKey: string;
  /** Given where a budget bounds the attempt. An executor that `reserves` must ask it before it spends anything. */
  budget?: CallBudget;
  /** Files: what is too large for an output, or no JSON. */
  artifacts: CallArtifacts;
  /** Given to executors that index and search texts. */
  passages?: PassageStore;
  log: ExecutorLog;
  /** Says "still alive" (the heartbeat timeout starts anew) and, optionally, how far it is. */
  heartbeat: (progress?: Json) => void;
  /**
   * Tells watchers something at once, as an event of the mode `custom`. It is held for a while and journalled never; it
   * costs no waiting and cannot fail. Counts as a heartbeat.
   */
  emit: (data: Json) => void;
  /**
   * Tells a piece of a text that comes bit by bit, as an event of the mode `messages`. `metadata` goes with it. All pieces of
   * the attempt together are the text. Else as `emit`.
   */
  token: (text: string, metadata?: JsonObject) => void;
};

/** The code that performs one kind of task. */
export type Executor = {
  /** The name in `uses`. */
  readonly type: string;
  /** A result of another version is not taken for one of this. Unset: that of the worker's release. */
  readonly version?: string;
  /** It knows better than the document what a call may cost, and reserves in the budget by itself. */
  readonly reserves?: true;
  run(call: ExecutorCall): Promise<Outcome>;
};
