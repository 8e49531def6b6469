/** Which steps led to a step: from it along the parents to the first one. */
import type { RunReader, StepRange } from '../../../ports/index.ts';

/** The steps that led to `step`, itself included, in order. A run that was never replayed has one range. */
export async function pathTo(reader: Pick<RunReader, 'branches'>, runId: string, step: number): Promise<StepRange[]> {
  const path: StepRange[] = [];
  let toStep = step;
  for (const branch of await reader.branches(runId, step)) {
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
