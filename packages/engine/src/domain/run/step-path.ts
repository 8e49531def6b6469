/** Which steps led to a step: from it along the parents to the first one of its run (rule C3). */
import type { StepRecord } from './step-record.ts';

/** Steps of a run that follow each other, both ends included. */
export type StepRange = { fromStep: number; toStep: number };

/** A step that does not follow the one before it. */
export type BranchStep = Pick<StepRecord, 'step' | 'parent'>;

/**
 * The steps that led to `step`, itself included, in order. `branches`: those up to it that do not follow the step before
 * them, newest first. A run that was never replayed has one range; that of a fork begins where it was forked.
 */
export function pathOf(branches: readonly BranchStep[], step: number): StepRange[] {
  const path: StepRange[] = [];
  let toStep = step;
  for (const branch of branches) {
    // A branch beyond it belongs to what was left.
    if (branch.step > toStep) continue;
    path.unshift({ fromStep: branch.step, toStep });
    toStep = branch.parent;
  }
  if (toStep > 0) path.unshift({ fromStep: 1, toStep });
  return path;
}

/** Whether the path leads through the step. */
export function leadsThrough(path: readonly StepRange[], step: number): boolean {
  return path.some(({ fromStep, toStep }) => fromStep <= step && step <= toStep);
}

/** The part of the path behind `step` (0: all of it). */
export function pathAfter(path: readonly StepRange[], step: number): StepRange[] {
  return path
    .filter(({ toStep }) => toStep > step)
    .map(({ fromStep, toStep }) => ({ fromStep: Math.max(fromStep, step + 1), toStep }));
}

/** The last step that both paths lead through; 0 if there is none. */
export function lastShared(a: readonly StepRange[], b: readonly StepRange[]): number {
  let last = 0;
  for (const one of a) {
    for (const other of b) {
      const step = Math.min(one.toStep, other.toStep);
      if (step >= one.fromStep && step >= other.fromStep && step > last) last = step;
    }
  }
  return last;
}
