/** Folding the journal of a run along the parents, a batch at a time. */
import { foldStep } from '../../../domain/run/fold.ts';
import type { FoldedRun } from '../../../domain/run/fold.ts';
import type { FoldStep } from '../../../domain/run/journal.ts';
import type { StepRange } from '../../../domain/run/step-path.ts';
import type { RunReader } from '../../../ports/index.ts';

/** Steps read at once. Two such batches are held: one is folded while the next one is on its way. */
export const FOLD_BATCH = 2000;

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
