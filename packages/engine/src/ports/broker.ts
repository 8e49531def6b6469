import type { Payer } from '../domain/budget/payer.ts';
import type { Priority, WorkflowRef } from '../domain/run/records.ts';

/** One list of a lane: tasks of one tenant with one priority. */
export type LaneList = { lane: string; tenant: string; priority: Priority };

/** What travels on a lane: which attempt of which task, and what a worker must know to run it. */
export type TaskMessage = {
  taskId: string;
  runId: string;
  key: string;
  node: string;
  taskEpoch: number;
  runEpoch: number;
  /** The fencing token. */
  attempt: number;
  workflow: WorkflowRef;
  lane: string;
  priority: Priority;
  /** When it became ready, epoch ms of the database. */
  readyAt: number;
  /** How many workers were lost with it so far. */
  crashes: number;
  /** The run's head, where nothing but its start has happened to it: with that, its first settle needs to read nothing. */
  seed?: RunSeed;
  /** Who is charged for its run beside the tenant, if anybody is. */
  payer?: Payer;
  /** The key under which limits count it; lanes do not carry it on. */
  limitKey?: string;
};

/** What a run's head holds beyond zeros once its start has armed `live` tasks and no join has seen an edge end. */
export type RunSeed = { step: number; live: number; priority: Priority };

/** In a claim: every lane but those of handlers, which only workers serve that have the handler. */
export const ANY_LANE = '*';

/** Whether a claim of any lane takes from this one. */
export function isAnyLane(lane: string): boolean {
  return !lane.startsWith('handler:');
}

export type ClaimRequest = {
  worker: string;
  /** Lanes by name, or ANY_LANE. */
  lanes: readonly string[];
  limit: number;
  /** Ends the wait; the claim then gives an empty list. */
  signal: AbortSignal;
  /** Called when nothing is there for this claim, and it begins to wait. */
  onWait?: () => void;
};

/**
 * The lanes: from ready to claimed. Everything in it can be rebuilt from the store, so it may forget; it never decides
 * whose outcome counts.
 */
export type Broker = {
  /**
   * Removes what was settled, then adds messages. Idempotent: a task is added only if it is not held, or held with a lower
   * attempt (rule A2). Returns how many were added.
   */
  publish(messages: readonly TaskMessage[], acks?: readonly Ack[]): Promise<number>;
  /**
   * Takes up to `limit` messages atomically; waits until there is one, or `signal` aborts (rule A3). It may still give
   * messages when the abort comes late: the caller releases them.
   */
  claim(request: ClaimRequest): Promise<TaskMessage[]>;
  /** Puts claimed messages back at the front of their lists. Their attempt stays the same. */
  release(worker: string, messages: readonly TaskMessage[]): Promise<void>;
  /** Puts back all that a dead worker has claimed and not settled. Returns how many. */
  recall(worker: string): Promise<number>;
  /** What this worker has claimed and not settled. */
  claimed(worker: string): Promise<TaskMessage[]>;
  /** For each task, the attempt that is held (waiting on a lane or claimed), or null. */
  held(tasks: readonly { lane: string; taskId: string }[]): Promise<(number | null)[]>;
  /** How many messages wait on each of these lists. */
  depths(lists: readonly LaneList[]): Promise<number[]>;
  /**
   * From now on this client claims and publishes so; what waits may be claimed from lanes that are not paused any more. It is
   * not stored: every client is told.
   */
  arrange(order: LaneOrder): void;
  /** Changes when the broker has lost its content; what the store offered before must be looked at again (rule A6). */
  epoch(): Promise<string>;
  /** Says to all workers that attempts of this run are not wanted any more; best effort. */
  revoke(runId: string): Promise<void>;
  /** Calls `listener` for every revoked run until the returned function is called. */
  onRevoke(listener: (runId: string) => void): () => void;
};

/** `weights`: how many messages a tenant may have in one of its turns, where it is not 1. `paused`: nobody claims from these lanes. */
export type LaneOrder = { weights: ReadonlyMap<string, number>; paused: ReadonlySet<string> };

export type Ack = { lane: string; taskId: string; attempt: number };
