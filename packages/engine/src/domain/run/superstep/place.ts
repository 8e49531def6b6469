/** Where the run stands, and which activation of a node comes next. */
import type { Superstep } from '../status.ts';
import type { WorkingRun } from '../working-run.ts';
import { NO_SUPERSTEP } from './fold.ts';

export function placeOfRun({ head }: Pick<WorkingRun, 'head'>): Superstep {
  return head.jumps?.superstep ?? NO_SUPERSTEP;
}

/** A node that is not counted was armed at most once, and has a task then. */
export function nextIteration(run: WorkingRun, name: string): number {
  const { runs, jumped } = placeOfRun(run);
  const counted = runs[name];
  if (counted !== undefined) return counted;
  return jumped && run.task(`${name}#0`) ? 1 : 0;
}
