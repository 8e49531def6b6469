/**
 * The journal: a step records decided facts, and folding applies facts (rule C1).
 *
 * The machine changes its own picture of a run only through the functions below, so a fold of the journal and the live
 * rows come from the same code.
 */
import type { Progress, TaskProgress } from './records.ts';
import { applySuperstep } from './superstep/fold.ts';
import { LIVE_TASK } from './status.ts';
import type { Jumps, Waits } from './status.ts';
import type { Facts, JoinFact, SnapshotTask, StepRecord, TaskFact } from './step-record.ts';

export type { Progress, TaskProgress } from './records.ts';
export type { Facts, Migration, StepRecord, StepType, TaskFact } from './step-record.ts';

/** What the journal determines of a head, before its first step. */
export function emptyHead(): Progress['head'] {
  return {
    status: 'pending',
    epoch: 0,
    step: 0,
    live: 0,
    asking: 0,
    generations: 0,
    failed: 0,
    openJoins: 0,
    jumps: null,
    kept: 0,
  };
}

export function emptyProgress(): Progress {
  return { head: emptyHead(), tasks: new Map(), joins: new Map(), version: null };
}

/** What folding needs of a step. */
export type FoldStep = Pick<StepRecord, 'step' | 'facts'>;

/** Applies one step to `progress`, in place. */
export function applyStep(progress: Progress, step: FoldStep): void {
  progress.head.step = step.step;
  if (step.facts.snapshot) applySnapshot(progress, step.facts.snapshot);
  for (const fact of step.facts.tasks ?? []) applyTask(progress, fact);
  for (const fact of step.facts.joins ?? []) applyJoin(progress, fact);
  if (step.facts.superstep) applySuperstep(progress.head, step.facts.superstep);
  if (step.facts.jumps) applyJumps(progress.head, step.facts.jumps);
  progress.head.kept = step.facts.kept ?? progress.head.kept;
  progress.version = step.facts.migrated?.to ?? progress.version;
  if (step.facts.run) applyRun(progress, step.facts.run);
}

/** Each task by itself. */
export function* snapshotTasks(tasks: readonly SnapshotTask[]): Generator<TaskFact> {
  for (const task of tasks) {
    if (!('keys' in task)) yield task;
    else for (const key of task.keys) yield { key, status: task.status, attempt: 1 };
  }
}

function applySnapshot(progress: Progress, { tasks, joins, jumps, mail }: NonNullable<Facts['snapshot']>): void {
  for (const fact of snapshotTasks(tasks)) applyTask(progress, fact);
  for (const fact of joins) applyJoin(progress, fact);
  if (jumps?.superstep) applySuperstep(progress.head, jumps.superstep);
  if (jumps) applyJumps(progress.head, jumps);
  progress.head.kept = mail.length;
}

/** The progress of a run after the given steps (all of one run, in order). */
export function foldJournal(steps: Iterable<FoldStep>): Progress {
  const progress = emptyProgress();
  for (const step of steps) applyStep(progress, step);
  return progress;
}

function applyTask({ head, tasks }: Progress, fact: TaskFact): void {
  const known = tasks.get(fact.key);
  countTask(head, known, fact);
  if (fact.status === 'pending') {
    tasks.delete(fact.key);
    return;
  }
  const task = known ?? { status: fact.status, attempt: 0, failures: 0, crashes: 0, blamed: false, waits: null };
  advanceTask(task, fact);
  tasks.set(fact.key, task);
}

/** Keeps the run's counters in step with a task; `before` is what was known of it, if it was armed. */
export function countTask(head: Progress['head'], before: TaskProgress | undefined, fact: TaskFact): void {
  head.live += Number(isLive(fact)) - Number(isLive(before));
  head.asking += Number(isAsking(fact)) - Number(isAsking(before));
  head.failed += Number(fact.blamed ?? false) - Number(before?.blamed ?? false);
}

/** Moves a task on, in place; one that is taken back is to be forgotten instead. */
export function advanceTask(task: TaskProgress, fact: TaskFact): void {
  if (fact.status === 'pending') return;
  task.status = fact.status;
  task.waits = fact.status === 'waiting' ? (fact.waits ?? 'retry') : null;
  task.attempt = fact.attempt;
  task.failures = fact.failures ?? task.failures;
  task.crashes = fact.crashes ?? task.crashes;
  task.blamed = fact.blamed ?? false;
}

export function applyJoin(
  { head, joins }: Pick<Progress, 'head' | 'joins'>,
  [key, ended, taken, failed, fired]: JoinFact,
): void {
  const before = joins.get(key);
  if (before && !before.fired) head.openJoins -= 1;
  if (!fired) head.openJoins += 1;
  joins.set(key, { key, ended, taken, failed, fired: fired === 1 });
}

/** Each fact says all that is new or has changed; the loops that were begun count as generations (rule B5). */
export function applyJumps(head: Progress['head'], fact: Partial<Jumps>): void {
  const before = head.jumps ?? { heads: {}, latest: {} };
  const { superstep } = before;
  const latest = { ...before.latest, ...fact.latest };
  head.jumps = { heads: { ...before.heads, ...fact.heads }, latest, ...(superstep && { superstep }) };
  if (superstep) return;
  head.generations = Object.values(head.jumps.heads).reduce((sum, count) => sum + count, 0);
}

/** A run that ends early takes its live tasks with it: they are cancelled in the same instant, whatever their rows say. */
export function applyRun({ head, tasks }: Pick<Progress, 'head' | 'tasks'>, fact: NonNullable<Facts['run']>): void {
  head.status = fact.status;
  head.epoch = fact.epoch ?? head.epoch;
  if (fact.status !== 'failed' && fact.status !== 'cancelled') return;
  for (const task of tasks.values()) {
    if (!LIVE_TASK.has(task.status)) continue;
    task.status = 'cancelled';
    task.waits = null;
  }
  head.live = 0;
  head.asking = 0;
}

type Standing = { status: TaskFact['status']; waits?: Waits | null | undefined };

/** Ready, running, or waiting for what comes without an answer; a send's items count for themselves (rule B8). */
function isLive(task: Standing | undefined): boolean {
  if (task?.status === 'waiting') return !isAsking(task) && task.waits !== 'items';
  return task?.status === 'ready' || task?.status === 'running';
}

/** Waiting for an answer, to its own question or one of its child's (rule B8). */
function isAsking(task: Standing | undefined): boolean {
  return task?.status === 'waiting' && (task.waits === 'answer' || task.waits === 'child_answer');
}
