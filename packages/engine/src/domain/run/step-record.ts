/** One step of the journal: a decided fact, never a thing to be evaluated again (rule C1). */
import type { JsonObject, Placement, TaskError } from '@weft/contract';

import type { Letter } from './letters/letter.ts';
import type { Jumps, RunStatus, Superstep, TaskStatus, Waits } from './status.ts';

export type StepType =
  | 'run_started'
  | 'task_succeeded'
  | 'task_failed'
  | 'task_retried'
  /** An attempt is over, its task is not: it runs again with what was remembered. */
  | 'task_continued'
  | 'task_skipped'
  /** A node has begun to wait: for an answer, a time, a signal, a child run, or its items. */
  | 'task_waiting'
  | 'timer_fired'
  | 'signal'
  | 'answered'
  | 'state_injected'
  | 'cancelled'
  | 'retried'
  /** Dead letters that nobody wants to see any more. */
  | 'discarded'
  /** All updates of a superstep are applied, and what follows is triggered. */
  | 'superstep'
  /** The run goes on from an earlier step; `reopened` if it had ended. */
  | 'replayed'
  | 'reopened'
  /** The first step of a run that goes on from a step of another one. */
  | 'forked'
  | 'migrated'
  | 'run_ended';

/** What happened to one task. Counters are absolute, so that applying a fact twice changes nothing. */
export type TaskFact = {
  key: string;
  /** `pending` takes the task back: it is armed anew when its edges end again. */
  status: TaskStatus | 'pending';
  attempt: number;
  /** When it was armed first, of a task that is armed anew and stays the same one; else that of the run. */
  epoch?: number;
  failures?: number;
  crashes?: number;
  error?: TaskError;
  /** The run cannot succeed any more, though it goes on (`skipDependents`). */
  blamed?: boolean;
  /** Its result was computed for another task. */
  cached?: true;
  /** When a waiting task is due, epoch ms. */
  dueAt?: number;
  /** What a waiting task waits for; `retry` where it is absent. */
  waits?: Waits;
  /** How many items a send has begun to wait for. */
  items?: number;
  /** What became of it as a dead letter, absolute. */
  letter?: Letter;
};

/** A join after the step: key, edges ended, taken, failed, and 1 once it has fired. */
export type JoinFact = [key: string, ended: number, taken: number, failed: number, fired: 0 | 1];

/** A task, or several in a row that stand alike after their first attempt: a fork may begin with very many. */
export type SnapshotTask = TaskFact | { status: TaskStatus; keys: string[] };

/** So many tasks of a node, one after another, each of which has updated these channels. */
export type Writer = [node: string, channels: string[], tasks: number];

/** Facts carry a format version; a reader must understand every version ever written. */
export type Facts = {
  v: 1;
  tasks?: TaskFact[];
  joins?: JoinFact[];
  /** Channels written; the values stand in the channel rows of this step. */
  writes?: string[];
  run?: { status: RunStatus; epoch?: number; error?: TaskError };
  /** Loops and gotos: what is new or changed, absolute. */
  jumps?: Partial<Omit<Jumps, 'superstep'>>;
  /** Where a run in superstep mode stands: what has changed, absolute; of `runs` what is new. */
  superstep?: Partial<Superstep>;
  /** How many messages are kept after this step. */
  kept?: number;
  /** The message that the step deals with. */
  mail?: string;
  /** Who has retried or discarded dead letters, if they said. */
  by?: string | null;
  /** Which question was answered, and by whom. */
  answer?: { id: string; by: string | null };
  /** The name of the signal, or the node after which state is injected. */
  signal?: string;
  afterNode?: string;
  /** The nodes that the task has gone on at by itself, instead of its edges. */
  goto?: string[];
  /** Which endpoint the attempt was sent to, and what it says of itself where the task runs again. */
  placed?: Placement;
  note?: JsonObject;
  /** Whose updates a superstep has applied, in the order in which it has. */
  writers?: Writer[];
  /** The checkpoint that the run goes on from, by fork or replay. */
  from?: { runId: string; step: number };
  /** All that is known of a fork when it begins. */
  snapshot?: { tasks: SnapshotTask[]; joins: JoinFact[]; jumps: Jumps | null; mail: string[] };
  /** From which version of its workflow to which the run moves with this step. */
  migrated?: Migration;
};

export type Migration = { from: number; to: number };

export type StepRecord = {
  step: number;
  parent: number;
  epoch: number;
  type: StepType;
  node: string | null;
  key: string | null;
  taskId: string | null;
  attempt: number | null;
  worker: string | null;
  at: number;
  facts: Facts;
};
