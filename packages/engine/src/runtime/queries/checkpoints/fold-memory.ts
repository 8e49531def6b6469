/**
 * Folds that were made on the way to others. A step never changes, nor does what led to it, so a fold is right for ever; and
 * whoever looks at one checkpoint mostly looks at more of the same run.
 */
import type { RunReader, StepRange } from '../../../ports/index.ts';
import { copyFold } from '../../../domain/run/fold.ts';
import { FOLD_BATCH } from './fold-along.ts';
import type { FoldedRun } from '../../../domain/run/fold.ts';
import { leadsThrough } from '../../../domain/run/step-path.ts';

/** Tasks and joins of all that is remembered: some tens of megabytes at most. */
const MAX_RECORDS = 100_000;
/** A copy costs its records, so it waits until as many steps were folded as a part of them. */
const RECORDS_PER_STEP = 6;

export class FoldMemory {
  /** By `runId@step`, the one used last at the end. */
  readonly #kept = new Map<string, FoldedRun>();
  #records = 0;

  /** The furthest that is remembered of the way, as a copy of one's own; null if there is none. */
  nearest(runId: string, path: readonly StepRange[]): { step: number; fold: FoldedRun } | null {
    const last = path.at(-1)?.toStep ?? 0;
    for (let step = last - (last % FOLD_BATCH); step > 0; step -= FOLD_BATCH) {
      const name = `${runId}@${step}`;
      const fold = this.#kept.get(name);
      if (!fold || !leadsThrough(path, step)) continue;
      this.#kept.delete(name);
      this.#kept.set(name, fold);
      return { step, fold: copyFold(fold) };
    }
    return null;
  }

  /** Keeps a copy if it is worth that; `folded`: steps since the copy before. Returns whether it did. */
  offer(runId: string, { step, fold, folded }: { step: number; fold: FoldedRun; folded: number }): boolean {
    const size = sizeOf(fold);
    if (step % FOLD_BATCH !== 0 || size > folded * RECORDS_PER_STEP || size > MAX_RECORDS / 2) return false;
    const name = `${runId}@${step}`;
    this.#forget(name);
    this.#kept.set(name, copyFold(fold));
    this.#records += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#records <= MAX_RECORDS) break;
      this.#forget(oldest);
    }
    return true;
  }

  #forget(name: string): void {
    const fold = this.#kept.get(name);
    if (fold) this.#records -= sizeOf(fold);
    this.#kept.delete(name);
  }
}

const memories = new WeakMap<object, FoldMemory>();

/** Each store has one. */
export function memoryOf(reader: Pick<RunReader, 'facts'>): FoldMemory {
  const known = memories.get(reader);
  if (known) return known;
  const memory = new FoldMemory();
  memories.set(reader, memory);
  return memory;
}

/** One more than its records, so that small ones are bounded as well. */
function sizeOf({ progress, past }: FoldedRun): number {
  return progress.tasks.size + progress.joins.size + past.length + 1;
}
