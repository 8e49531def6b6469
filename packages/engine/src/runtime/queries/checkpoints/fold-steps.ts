/** The progress of a run as of one of its steps: its journal folded along the parents, a batch at a time. */
import { applyStep, emptyProgress } from '../../../domain/run/journal.ts';
import type { FoldStep, Progress, TaskProgress } from '../../../domain/run/journal.ts';
import type { RunReader, StepRange } from '../../../ports/index.ts';

/**
 * Beside its progress, the journal says of a task in which epoch it was armed (0 where it is not among them), and when its
 * waiting is over. Most runs have neither, and folding is to cost them nothing.
 */
export type FoldedRun = { progress: Progress; epochs: Map<string, number>; dueAts: Map<string, number> };

/** A task that is known after a step. */
export type FoldedTask = TaskProgress & { key: string; epoch: number; dueAt: number | null };

/** Steps read at once. Two such batches are held: one is folded while the next one is on its way. */
export const FOLD_BATCH = 2000;

export function emptyFold(): FoldedRun {
  return { progress: emptyProgress(), epochs: new Map(), dueAts: new Map() };
}

type FoldJob = {
  fold: FoldedRun;
  path: readonly StepRange[];
  /** Called after each batch, with its last step and how many it had. */
  afterBatch?: (step: number, count: number) => void;
};

/** Folds the steps into `fold`, in place. */
export async function foldAlong(
  reader: Pick<RunReader, 'facts'>,
  runId: string,
  { fold, path, afterBatch }: FoldJob,
): Promise<FoldedRun> {
  const ranges = Array.from(inBatches(path));
  const read = (range: StepRange | undefined): Promise<FoldStep[]> => {
    const steps = range ? reader.facts(runId, range) : Promise.resolve([]);
    // It is awaited only once the batch before it is folded.
    steps.catch(() => undefined);
    return steps;
  };
  let coming = read(ranges[0]);
  for (const [index, { toStep }] of ranges.entries()) {
    const steps = await coming;
    coming = read(ranges[index + 1]);
    for (const step of steps) foldStep(fold, step);
    afterBatch?.(toStep, steps.length);
  }
  return fold;
}

export function copyFold({ progress: { head, tasks, joins, version }, epochs, dueAts }: FoldedRun): FoldedRun {
  return {
    progress: {
      head: { ...head },
      tasks: new Map(Array.from(tasks, ([key, task]) => [key, { ...task }])),
      joins: new Map(joins),
      version,
    },
    epochs: new Map(epochs),
    dueAts: new Map(dueAts),
  };
}

/** What is known of a task; null if it is not armed. */
export function foldedTask({ progress, epochs, dueAts }: FoldedRun, key: string): FoldedTask | null {
  const task = progress.tasks.get(key);
  if (!task) return null;
  const dueAt = task.status === 'waiting' ? (dueAts.get(key) ?? null) : null;
  return { key, ...task, epoch: epochs.get(key) ?? 0, dueAt };
}

function foldStep(fold: FoldedRun, step: FoldStep): void {
  const { head, tasks } = fold.progress;
  const armed = head.epoch > 0 || step.facts.run?.epoch !== undefined ? newKeys(tasks, step) : [];
  applyStep(fold.progress, step);
  for (const key of armed) fold.epochs.set(key, head.epoch);
  for (const { key, dueAt } of step.facts.tasks ?? []) {
    if (dueAt !== undefined) fold.dueAts.set(key, dueAt);
    else if (fold.dueAts.size > 0) fold.dueAts.delete(key);
  }
}

/** The tasks that the step arms. */
function newKeys(tasks: Progress['tasks'], { facts }: FoldStep): string[] {
  return (facts.tasks ?? []).filter(({ key, status }) => status !== 'pending' && !tasks.has(key)).map(({ key }) => key);
}

/** Batches end at the same steps whatever the way, so that the folds between them can be used again. */
function* inBatches(path: readonly StepRange[]): Generator<StepRange> {
  for (const { fromStep, toStep } of path) {
    for (let from = fromStep; from <= toStep;) {
      const to = Math.min(Math.ceil(from / FOLD_BATCH) * FOLD_BATCH, toStep);
      yield { fromStep: from, toStep: to };
      from = to + 1;
    }
  }
}
