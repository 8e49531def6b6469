import type { Checkpoint, CheckpointTask } from '@weft/contract';

import { foldedTask } from '../../../domain/run/fold.ts';
import type { FoldedRun } from '../../../domain/run/fold.ts';
import { toCheckpointTask, toSummary } from './name-checkpoint.ts';
import { nextUp } from './next-up.ts';
import { findPlace, foldTo, stateAt } from './read-checkpoint.ts';
import type { CheckpointDeps } from './read-checkpoint.ts';

/** `skip`: tasks of the pages before. The tasks of a step never change, so their number is a place. */
export type TaskWindow = { limit: number; skip: number };

export type CheckpointView = Omit<Checkpoint, 'nextCursor'> & { nextSkip: number | null };

/** A run after one of its steps. Throws AppError `not_found` where there is no such step. */
export async function viewCheckpoint(
  deps: CheckpointDeps,
  { tenant, ...at }: { tenant: string; runId: string; step: number },
  window: TaskWindow,
): Promise<CheckpointView> {
  const place = await findPlace(deps, tenant, at);
  const [fold, { state }] = await Promise.all([foldTo(deps.reader, place), stateAt(deps.reader, place)]);
  const { head, tasks } = fold.progress;
  const { next, total } = nextUp(place.graph, fold);
  const end = window.skip + window.limit;
  return {
    ...toSummary(at.runId, place.record, head.status),
    runId: at.runId,
    state,
    tasks: taskWindow(fold, at.runId, window),
    nextSkip: end < tasks.size ? end : null,
    next,
    counters: {
      tasks: statusCounts(fold),
      next: total,
      live: head.live,
      asking: head.asking,
      failed: head.failed,
      openJoins: head.openJoins,
      generations: head.generations,
      keptMail: head.kept,
    },
  };
}

function taskWindow(fold: FoldedRun, runId: string, { skip, limit }: TaskWindow): CheckpointTask[] {
  const keys = fold.progress.tasks.keys().drop(skip).take(limit);
  const tasks = keys.map((key) => foldedTask(fold, key)).filter((task) => task !== null);
  return tasks.map((task) => toCheckpointTask(runId, task)).toArray();
}

function statusCounts({ progress }: FoldedRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of progress.tasks.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
