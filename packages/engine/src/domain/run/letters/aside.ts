import type { TaskRecord } from '../records.ts';
import type { WorkingRun } from '../working-run.ts';

/**
 * Whether the run has gone on without the task: a loop has gone back over it, or it is a dead letter that is done again by
 * itself. It merges its updates, but arms nothing, and can neither stop nor fail the run (rule B4).
 */
export function isAside(run: WorkingRun, task: TaskRecord): boolean {
  return task.letter?.alone === true || run.isStale(task.key);
}
