/** The command side of the engine, as the producer sees it. */
import type {
  AppError,
  Budget,
  Callback,
  Json,
  JsonObject,
  LetterResults,
  RunMigration,
  WorkflowDocument,
  WorkflowMigration,
} from '@weft/contract';

import type { Payer } from '../domain/budget/payer.ts';
import type { Artifacts } from './artifacts/artifacts.ts';
import type { EndpointCommands } from './endpoints/endpoint-commands.ts';
import type { ScheduleCommands } from './schedules/commands.ts';
import type { Priority, RunHead, RunStatus, WorkflowRef } from '../domain/run/records.ts';
import type {
  BudgetKey,
  BudgetLimit,
  DesiredState,
  LetterListing,
  Limit,
  PolicyKey,
  Pruned,
  PruneRequest,
  RetentionPolicy,
  StoredWorkflow,
  WorkerRecord,
} from '../ports/index.ts';

export type StartRequest = {
  /** A saved version. */
  workflow: WorkflowRef;
  input: Json;
  config: Json;
  /** Null: the document's. */
  priority: Priority | null;
  tags: string[];
  /** What it may spend, beside what its document says. */
  budget?: Budget;
  /** Who is told about it. */
  callbacks?: readonly Callback[];
  /** Of the run that starts it, though it is none of its children: whoever pays for that one pays for it, too. */
  above?: Payer | null;
  /** The id of the API key that it is started by. */
  key?: string | null;
  /** The caller's key and the hash of what it sent. */
  idempotency: { key: string; payloadHash: string } | null;
};

/** Which run, with the caller's key and the hash of what it sent. */
export type SteerRequest = Pick<StartRequest, 'key'> & {
  tenant: string;
  runId: string;
  idempotency?: StartRequest['idempotency'];
};

/** A new run that has not moved yet: nothing but its start is stored, so it can be shown without being read. */
export type FreshRun = { head: RunHead; input: Json; tags: string[]; createdAt: number };

/**
 * `created` is false where the idempotency key had already started this run; what it has become since is not known here.
 * Else `status` is that of the commit, and `fresh` the run if it only began.
 */
export type StartResult =
  | { runId: string; created: true; status: RunStatus; fresh: FreshRun | null }
  | { runId: string; created: false; status: null };

export type Engine = EndpointCommands &
  ScheduleCommands & {
    readonly files: Artifacts;
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
     * Does a dead letter again, or puts it away. Throws `not_found`, `conflict` (it is none any more, its run goes on without it),
     * `invalid_input` (a new input for what takes none), `idempotency_conflict`.
     */
    actOnLetter(request: LetterRequest): Promise<void>;
    /** The same for those that a filter finds, each on its own. */
    actOnLetters(request: ManyLettersRequest): Promise<LetterResults>;
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
    /** The run that a request to fork or to rerun has started before, under its key. Throws `idempotency_conflict`. */
    startedBefore(request: Pick<SteerRequest, 'tenant' | 'idempotency'>): Promise<StartResult | null>;
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
    /** Lets a task that waits to go on do so now; false if it does not wait, or was at it a moment ago. */
    wakeTask(task: { tenant: string; taskId: string }): Promise<boolean>;
    /**
     * Moves a run that has not ended, or has failed, to another version of its workflow; `dryRun` only says whether it fits.
     * Throws `not_found` (no such run or version), `conflict` (it has ended, is at another step), `version_misfit` with
     * everything that does not fit. Where it throws, nothing has changed.
     */
    migrateRun(request: MigrateRequest): Promise<RunMigration>;
    /** The same for a page of the live runs of a workflow, each on its own. Throws `not_found`. */
    migrateWorkflow(request: MigrateAllRequest): Promise<MigratedPage>;
    /** Decides how long ended runs are kept. Throws `not_found` where there is no such workflow. */
    setRetention(tenant: string, policy: RetentionPolicy): Promise<void>;
    /** Throws `not_found` where there is no such policy. */
    removeRetention(key: PolicyKey): Promise<void>;
    /**
     * Deletes ended runs, or counts what would be deleted. Throws `not_found` (no such workflow), `conflict` (another prune is at
     * work, no place for archives).
     */
    pruneRuns(request: PruneRequest): Promise<Pruned>;
    /** Deletes an ended run and its children. Throws `not_found`, `conflict` if one of them has not ended, or it is a child. */
    deleteRun(tenant: string, runId: string): Promise<Pick<Pruned, 'runs' | 'bytes'>>;
    /** Sets the share and the limits of a tenant. Others hear of it within a few seconds. */
    setTenantLimits(tenant: string, limit: Limit & { weight: number }): Promise<void>;
    setKeyLimit(tenant: string, key: string, limit: Limit): Promise<void>;
    /** Throws `not_found` where there is no such limit. */
    removeKeyLimit(tenant: string, key: string): Promise<void>;
    /** Sets a budget of a tenant, a key or a name. Workers hear of it within a few seconds. */
    setBudget(key: BudgetKey, limit: BudgetLimit): Promise<void>;
    /** Throws `not_found` where there is no such budget. */
    removeBudget(key: BudgetKey): Promise<void>;
    /** Sends everything of the tenant, or of all (null), to the cheapest endpoint; or does not any more. Others hear of it within seconds. */
    setEmergency(tenant: string | null, emergency: { reason: string | null } | null): Promise<void>;
    /** How long a task should take from ready to ended, for the decision about scaling. */
    setScaling(settings: { slaMs: number }): Promise<void>;
    /** Nobody claims from the lane any more, or again; others hear of it within a few seconds. */
    pauseLane(lane: string): Promise<void>;
    resumeLane(lane: string): Promise<void>;
    /** Says what a worker shall do; it learns that with its next beat. Throws `not_found`, `conflict` if it has ended. */
    directWorker(request: { id: string; desired: DesiredState }): Promise<WorkerRecord>;
  };

export type LetterAction = 'retry' | 'discard';

/** `by`: who wants it, if that is known. */
type LetterCaller = Pick<StartRequest, 'idempotency'> & { tenant: string; by: string | null };

export type LetterRequest = LetterCaller & {
  action: LetterAction;
  taskId: string;
  with?: Json | undefined;
};

export type ManyLettersRequest = LetterCaller & {
  action: LetterAction;
  filter: Omit<LetterListing, 'tenant' | 'limit' | 'after'>;
  limit: number;
  dryRun: boolean;
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

/** `version`: null for the newest. `ifStep`: only if the run's last step is still this one. */
export type MigrateRequest = SteerRequest & { version: number | null; dryRun: boolean; ifStep: number | null };

/** `from`: only runs of these versions; null: of all but the new one. `beforeId`: the last run of the page before. */
export type MigrateAllRequest = {
  tenant: string;
  name: string;
  version: number | null;
  dryRun: boolean;
  from: readonly number[] | null;
  limit: number;
  beforeId: string | null;
};

export type MigratedPage = Omit<WorkflowMigration, 'nextCursor'> & { lastId: string | null };
