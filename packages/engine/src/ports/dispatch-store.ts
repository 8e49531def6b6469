import type { Json, JsonObject } from '@weft/contract';

import type { NodeResult } from '../domain/expression/scope.ts';
import type { Letter, Mail, TimerRecord, WorkflowRef } from '../domain/run/records.ts';
import type { LaneList, TaskMessage } from './broker.ts';

/** Names one attempt of one task. */
export type TaskAttempt = { runId: string; key: string; taskEpoch: number; runEpoch: number; attempt: number };

/** From what a task's input is rendered (rule A7). */
export type InputMaterial = {
  input: Json;
  config: Json;
  captured: JsonObject;
  /** The item of the send that armed the task; null at the top. */
  item: Json;
  nodes: Record<string, NodeResult>;
  /** What the attempt before has left. */
  memo?: Json;
  /** What somebody wants it to be instead of all that. */
  edit?: NonNullable<Letter['edit']> | null;
};

/** A started task, as written by the flush: who runs it, since how long, and in how long it is overdue (ms). */
export type RunningMark = TaskAttempt & OfTenant & { worker: string; startedMsAgo: number; dueInMs: number };

/** What a claimed task reads: results of nodes, and the input and config of its run (`body`), which are null otherwise. */
export type InputRequest = OfTenant & { task: TaskAttempt; nodes: readonly string[]; body?: boolean };

/** Whose task it is, says who asks; of another tenant's run the store says that the attempt is not current. */
export type OfTenant = { tenant?: string };

/**
 * What the store knows of tasks on their way to workers: what waits, what was offered, what runs, what is due. It is what
 * the sweepers read; nothing here changes a task's fate (rule A9).
 */
export type DispatchStore = {
  /** The lists (lane, tenant, priority) that have ready tasks which were not offered yet. */
  backlog(): Promise<LaneList[]>;
  /** How many of these lists wait, counted up to `most` each, and for how long the oldest has. */
  laneWaits(lists: readonly LaneList[], most: number): Promise<LaneWait[]>;
  /** Offers up to `limit` tasks of a list, in order of ready time. */
  topUp(list: LaneList, limit: number): Promise<TaskMessage[]>;
  /** Tasks that are still ready although they were offered at least `olderThanMs` ago, the oldest offers first. */
  staleOffers(page: StaleOffersPage): Promise<StaleOffers>;
  /** Whether each of these attempts is still ready. Asked after the broker was, it tells what is lost from what ended meanwhile. */
  areReady(tasks: readonly TaskAttempt[]): Promise<boolean[]>;
  /** What claimed tasks read, in order; null where the attempt is not current any more. */
  loadInputs(tasks: readonly InputRequest[]): Promise<(InputMaterial | null)[]>;
  /** Writes started tasks as running (rule A6). Returns those whose attempt is not current any more. */
  markRunning(marks: readonly RunningMark[]): Promise<TaskAttempt[]>;
  /** Attempts that are written as running on workers that ended, or past their deadline by `graceMs`. */
  strandedAttempts(request: { graceMs: number; limit: number }): Promise<StrandedAttempt[]>;
  /** Timers that are due within `withinMs`. */
  dueTimers(withinMs: number, limit: number): Promise<DueTimer[]>;
  /** Runs with mail or left-over inline nodes that nobody took care of for `olderThanMs`. */
  neglectedRuns(olderThanMs: number, limit: number): Promise<string[]>;
  /** The message that asks for a child run to be started, of a run that does not exist yet; null if there is none. */
  startMail(runId: string): Promise<Mail | null>;
  /** Which version each of these runs is pinned to; runs that do not exist are left out. */
  workflowsOf(runIds: readonly string[]): Promise<Map<string, WorkflowRef>>;
  /** Does one of the chores of the store. Several may do it at once. */
  maintain(chore: StoreChore): Promise<void>;
};

/**
 * What keeps a store in order: room for the runs of the coming weeks; forgetting idempotency keys that have expired,
 * workers that ended long ago, and cached results whose time is over.
 */
export const STORE_CHORES = ['partitions', 'expired_keys', 'ended_workers', 'expired_results'] as const;
export type StoreChore = (typeof STORE_CHORES)[number];

/** What waits in the store for its turn on a list. */
export type LaneWait = LaneList & { count: number; oldestMs: number };

/** `after`: where the page before ended, or null for the first. */
export type StaleOffersPage = { olderThanMs: number; limit: number; after: string | null };

/** `next`: what to ask for the page after this one with; null if there is none. */
export type StaleOffers = { messages: TaskMessage[]; next: string | null };

export type StrandedAttempt = { task: TaskAttempt; reason: 'worker_ended' | 'overdue' };

/** A timer, and in how many milliseconds it is due (negative: overdue). */
export type DueTimer = TimerRecord & { runId: string; inMs: number };
