/**
 * The journal: a step records decided facts, and folding applies facts (rule C1).
 *
 * The machine changes its own picture of a run only through the functions below, so a fold of the journal and the live
 * rows come from the same code. Facts carry a format version; a reader must understand every version ever written.
 */
import type { TaskError } from '@weft/contract';

import { LIVE_TASK } from './records.ts';
import type { JoinRecord, RunHead, RunStatus, TaskStatus } from './records.ts';

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
  /** When a waiting task is due, epoch ms. */
  dueAt?: number;
};

/** A join after the step: key, edges ended, taken, failed, and 1 once it has fired. */
export type JoinFact = [key: string, ended: number, taken: number, failed: number, fired: 0 | 1];

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

/** The part of a task that the journal determines. */
export type TaskProgress = {
  status: TaskStatus;
  attempt: number;
  failures: number;
  crashes: number;
  blamed: boolean;
};

/** The part of a run that the journal determines; state is folded from the channel rows beside it. */
export type Progress = {
  head: Pick<RunHead, 'status' | 'epoch' | 'step' | 'live' | 'asking' | 'generations' | 'failed' | 'openJoins'>;
  tasks: Map<string, TaskProgress>;
  joins: Map<string, JoinRecord>;
};

export function emptyProgress(): Progress {
  const head = {
    status: 'pending',
    epoch: 0,
    step: 0,
    live: 0,
    asking: 0,
    generations: 0,
    failed: 0,
    openJoins: 0,
  } as const;
  return { head: { ...head }, tasks: new Map(), joins: new Map() };
}

/** Applies one step to `progress`, in place. */
export function applyStep(progress: Progress, step: StepRecord): void {
  progress.head.step = step.step;
  for (const fact of step.facts.tasks ?? []) applyTask(progress, fact);
  for (const fact of step.facts.joins ?? []) applyJoin(progress, fact);
  if (step.facts.run) applyRun(progress, step.facts.run);
}

/** The progress of a run after the given steps (all of one run, in order). */
export function foldJournal(steps: Iterable<StepRecord>): Progress {
  const progress = emptyProgress();
  for (const step of steps) applyStep(progress, step);
  return progress;
}

export function applyTask({ head, tasks }: Progress, fact: TaskFact): void {
  const before = tasks.get(fact.key);
  head.live += liveness(fact.status) - liveness(before?.status);
  head.failed += Number(fact.blamed ?? false) - Number(before?.blamed ?? false);
  if (fact.status === 'pending') {
    tasks.delete(fact.key);
    return;
  }
  const after = before ?? { status: fact.status, attempt: 1, failures: 0, crashes: 0, blamed: false };
  after.status = fact.status;
  after.attempt = fact.attempt;
  after.failures = fact.failures ?? after.failures;
  after.crashes = fact.crashes ?? after.crashes;
  after.blamed = fact.blamed ?? false;
  if (!before) tasks.set(fact.key, after);
}

export function applyJoin({ head, joins }: Progress, [key, ended, taken, failed, fired]: JoinFact): void {
  const before = joins.get(key);
  if (before && !before.fired) head.openJoins -= 1;
  if (!fired) head.openJoins += 1;
  joins.set(key, { key, ended, taken, failed, fired: fired === 1 });
}

/** A run that ends early takes its live tasks with it: they are cancelled in the same instant, whatever their rows say. */
export function applyRun({ head, tasks }: Progress, fact: NonNullable<Facts['run']>): void {
  head.status = fact.status;
  head.epoch = fact.epoch ?? head.epoch;
  if (fact.status !== 'failed' && fact.status !== 'cancelled') return;
  for (const task of tasks.values()) if (LIVE_TASK.has(task.status)) task.status = 'cancelled';
  head.live = 0;
}

function liveness(status: TaskStatus | 'pending' | undefined): number {
  return status && LIVE_TASK.has(status as TaskStatus) ? 1 : 0;
}
