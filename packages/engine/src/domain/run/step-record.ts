/** One step of the journal: a decided fact, never a thing to be evaluated again (rule C1). */
import type { TaskError } from '@weft/contract';

import type { RunStatus, TaskStatus } from './status.ts';

export type StepType =
  | 'run_started'
  | 'task_succeeded'
  | 'task_failed'
  | 'task_retried'
  | 'task_skipped'
  | 'timer_fired'
  | 'cancelled'
  | 'retried'
  | 'run_ended';

/** What happened to one task. Counters are absolute, so that applying a fact twice changes nothing. */
export type TaskFact = {
  key: string;
  /** `pending` takes the task back: it is armed anew when its edges end again. */
  status: TaskStatus | 'pending';
  attempt: number;
  failures?: number;
  crashes?: number;
  error?: TaskError;
  /** The run cannot succeed any more, though it goes on (`skipDependents`). */
  blamed?: boolean;
  /** Its result was computed for another task. */
  cached?: true;
  /** When a waiting task is due, epoch ms. */
  dueAt?: number;
};

/** A join after the step: key, edges ended, taken, failed, and 1 once it has fired. */
export type JoinFact = [key: string, ended: number, taken: number, failed: number, fired: 0 | 1];

/** Facts carry a format version; a reader must understand every version ever written. */
export type Facts = {
  v: 1;
  tasks?: TaskFact[];
  joins?: JoinFact[];
  /** Channels written; the values stand in the channel rows of this step. */
  writes?: string[];
  run?: { status: RunStatus; epoch?: number; error?: TaskError };
};

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
