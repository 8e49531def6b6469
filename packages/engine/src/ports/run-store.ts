import type { Json, JsonObject, RunTrigger } from '@weft/contract';

import type { RunBudget } from '../domain/budget/payer.ts';
import type { Verdict } from '../domain/run/decide.ts';
import type { Decision, MailKind, Reads, RunHead, RunSnapshot, WorkflowRef } from '../domain/run/records.ts';

/** A decision and which of its ready tasks are offered to workers at once; the others wait in the store (rule A1). */
export type Plan = { decision: Decision; offered: ReadonlySet<string> };

/** A run that is accepted together with its first decision, which `plan` makes at the database's time (epoch ms). */
export type NewRun = {
  head: RunHead;
  input: Json;
  config: Json;
  tags: string[];
  /** What it may spend, its children included; null for no bound of its own. */
  budget: RunBudget | null;
  /** The checkpoint that it is forked from; step 0: it is another run started again. */
  forkedFrom: { runId: string; step: number } | null;
  plan(now: number): Plan;
  /** The firing of a schedule that it is: it is `started` with it, or nothing is. Left out: of none. */
  fire?: { scheduleId: string; instant: number; trigger: RunTrigger } | null;
  /** The caller's key, and the hash of what it sent: the same key with another hash is a conflict. */
  idempotency: { key: string; payloadHash: string } | null;
};

export type Submission =
  | { kind: 'created' }
  | { kind: 'existing'; runId: string }
  | { kind: 'conflict'; runId: string };

export type Mail = { id: string; kind: MailKind; payload: JsonObject; dedupeKey: string };

/** A key by which a caller can send a request again, with the hash of the request. */
export type CallerKey = { tenant: string; key: string; payloadHash: string };

/** One run's share of a settle: what to load, and how to decide once it is seen under the lock. */
export type RunChange = {
  runId: string;
  /**
   * The run as the caller believes it to be, if it does. The store may decide on it and write without a lock, as long as it
   * makes sure in the same instant that the head's step and epoch are still these.
   */
  remembered?: RunSnapshot | null;
  reads: Reads;
  decide(view: {
    snapshot: RunSnapshot;
    now: number;
  }): { kind: 'planned'; plan: Plan } | Extract<Verdict, { kind: 'needs' }> | Lacking;
};

/** To decide takes these versions of the run's workflow, which the caller has not at hand: nothing is written. */
export type Lacking = { kind: 'lacks'; workflow: WorkflowRef; versions: number[] };

/** A run that was settled: the decision, and the view that it was made on. `asRemembered`: that was the caller's own. */
export type SettledRun = { kind: 'settled'; plan: Plan; snapshot: RunSnapshot; asRemembered: boolean };

/** `locked`: another transaction holds the run; `missing`: there is no such run. */
export type Settlement = { runId: string } & (SettledRun | Lacking | { kind: 'locked' | 'missing' });

/**
 * Where runs live. Every method is one transaction: all of it holds, or none.
 *
 * Failures are thrown as StoreError. After `outcomeUnknown` the transaction may have been committed; the same call again
 * is safe, because the fence refuses what is there already.
 */
export type RunStore = {
  /** Writes new runs. 201 may be answered once this has returned. */
  submit(runs: readonly NewRun[]): Promise<Submission[]>;
  /**
   * Decides for each run and writes what follows: as it is remembered if that still holds, else under its lock, taken in id
   * order, with what is loaded then (rules A8, A9). `wait`: wait for a locked run instead of skipping it.
   */
  settle(changes: readonly RunChange[], options: { wait: boolean }): Promise<Settlement[]>;
  /**
   * Puts a message into a run's inbox; the same dedupe key twice is one message (rule A10). With a caller's key it takes the
   * key as well, or returns false and sends nothing where the key is taken.
   */
  sendMail(runId: string, mail: Mail, key?: CallerKey | null): Promise<boolean>;
  /** Takes a message out of an inbox. */
  dropMail(runId: string, mailId: string): Promise<void>;
  /** What a caller's key was used for within its seven days; null if for nothing. */
  usedKey(tenant: string, key: string): Promise<{ payloadHash: string; runId: string } | null>;
};

export class StoreError extends Error {
  readonly code: 'store_unavailable' | 'store_refused';
  /** The connection broke before the answer: it may have been committed. */
  readonly outcomeUnknown: boolean;
  /** Trying the same again may succeed (lost connection, deadlock, lock timeout, no room for connections). */
  readonly transient: boolean;

  constructor(message: string, options: { transient: boolean; outcomeUnknown: boolean; cause: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'StoreError';
    this.code = options.transient ? 'store_unavailable' : 'store_refused';
    this.transient = options.transient;
    this.outcomeUnknown = options.outcomeUnknown;
  }
}
