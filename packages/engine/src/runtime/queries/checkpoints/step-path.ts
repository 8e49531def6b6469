import { pathOf } from '../../../domain/run/step-path.ts';
import type { StepRange } from '../../../domain/run/step-path.ts';
import type { RunReader } from '../../../ports/index.ts';

/** The steps that led to `step`, itself included, in order. */
export async function pathTo(reader: Pick<RunReader, 'branches'>, runId: string, step: number): Promise<StepRange[]> {
  return pathOf(await reader.branches(runId, step), step);
}
