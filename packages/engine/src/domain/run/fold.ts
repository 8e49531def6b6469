/** A run as of one of its steps, folded from the facts along the path: its progress, and what else the facts say. */
import { applyStep, emptyProgress, snapshotTasks } from './journal.ts';
import type { FoldStep, TaskFact } from './journal.ts';
import { LIVE_TASK } from './status.ts';
import type { FoldedRun, TaskProgress, TaskRecord } from './records.ts';

export type { FoldedRun } from './records.ts';

/** A task that is known after a step. */
export type FoldedTask = TaskProgress &
  Pick<TaskRecord, 'letter'> & { key: string; epoch: number; dueAt: number | null };

export function emptyFold(): FoldedRun {
  return {
    progress: emptyProgress(),
    epochs: new Map(),
    dueAts: new Map(),
    kept: new Set(),
    failures: new Map(),
    letters: new Map(),
    past: [],
  };
}

/** Applies one step, in place. */
export function foldStep(fold: FoldedRun, step: FoldStep): void {
  const { head } = fold.progress;
  const { facts } = step;
  const keptBefore = head.kept;
  const tasks = tasksOf(step);
  for (const fact of tasks) if (fact.status === 'pending') notePast(fold, fact.key);
  const armed = head.epoch > 0 || facts.run?.epoch !== undefined ? armedTasks(fold, tasks) : [];
  applyStep(fold.progress, step);
  for (const { key, epoch } of armed) fold.epochs.set(key, epoch ?? head.epoch);
  // What had failed before a run was forked did so in the run before it.
  const failedAt = facts.snapshot ? step.step - 1 : step.step;
  for (const fact of tasks) {
    noteDue(fold, fact);
    noteFailure(fold, fact, failedAt);
    noteLetter(fold, fact);
  }
  for (const id of facts.snapshot?.mail ?? []) fold.kept.add(id);
  if (facts.mail === undefined || facts.kept === undefined) return;
  if (head.kept > keptBefore) fold.kept.add(facts.mail);
  else fold.kept.delete(facts.mail);
}

export function copyFold({ progress: { head, tasks, joins, version }, ...fold }: FoldedRun): FoldedRun {
  return {
    progress: {
      head: { ...head },
      tasks: new Map(Array.from(tasks, ([key, task]) => [key, { ...task }])),
      joins: new Map(joins),
      version,
    },
    epochs: new Map(fold.epochs),
    dueAts: new Map(fold.dueAts),
    kept: new Set(fold.kept),
    failures: new Map(fold.failures),
    letters: new Map(fold.letters),
    past: [...fold.past],
  };
}

/** What is known of a task; null if it is not armed. */
export function foldedTask({ progress, epochs, dueAts, letters }: FoldedRun, key: string): FoldedTask | null {
  const task = progress.tasks.get(key);
  if (!task) return null;
  const dueAt = task.status === 'waiting' ? (dueAts.get(key) ?? null) : null;
  return { key, ...task, epoch: epochs.get(key) ?? 0, dueAt, letter: letters.get(key) ?? null };
}

/** The last attempt of a task that has ended: the one before, while this one has not. */
export function endedAttempt({ status, attempt }: TaskProgress): number {
  return LIVE_TASK.has(status) ? attempt - 1 : attempt;
}

function notePast(fold: FoldedRun, key: string): void {
  const task = foldedTask(fold, key);
  const attempt = task ? endedAttempt(task) : 0;
  if (task && attempt > 0) fold.past.push({ key, epoch: task.epoch, attempt });
}

function tasksOf({ facts }: FoldStep): readonly TaskFact[] {
  return facts.snapshot ? Array.from(snapshotTasks(facts.snapshot.tasks)) : (facts.tasks ?? []);
}

function noteFailure({ failures }: FoldedRun, { key, status, error }: TaskFact, step: number): void {
  if (status === 'failed' && error) failures.set(key, { error, step });
}

function noteDue({ dueAts }: FoldedRun, { key, dueAt }: TaskFact): void {
  if (dueAt !== undefined) dueAts.set(key, dueAt);
  else if (dueAts.size > 0) dueAts.delete(key);
}

/** A task that is taken back, and armed anew later, has none any more. */
function noteLetter({ letters }: FoldedRun, { key, status, letter }: TaskFact): void {
  if (letter !== undefined) letters.set(key, letter);
  else if (status === 'pending' && letters.size > 0) letters.delete(key);
}

/** The tasks that the step arms: a task that it takes back before that counts anew. */
function armedTasks({ progress }: FoldedRun, tasks: readonly TaskFact[]): TaskFact[] {
  const takenBack = new Set<string>();
  const armed: TaskFact[] = [];
  for (const fact of tasks) {
    if (fact.status === 'pending') takenBack.add(fact.key);
    else if (takenBack.has(fact.key) || !progress.tasks.has(fact.key)) armed.push(fact);
  }
  return armed;
}
