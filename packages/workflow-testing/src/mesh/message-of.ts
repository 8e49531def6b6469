import type { TaskRecord } from '@weft/engine/domain';
import type { RunSeed, TaskMessage } from '@weft/engine/ports';

import type { StoredRun } from './stored-run.ts';

/** The message that offers the task, as a store makes it of its rows. */
export function messageOf(run: StoredRun, task: TaskRecord): TaskMessage {
  const { head } = run.rows;
  const seed = seedOf(run, task);
  return {
    ...(seed && { seed }),
    taskId: task.id,
    runId: run.id,
    key: task.key,
    node: task.node,
    taskEpoch: task.epoch,
    runEpoch: head.epoch,
    attempt: task.attempt,
    workflow: { ...head.workflow },
    lane: task.lane ?? '',
    priority: task.priority,
    readyAt: task.readyAt,
    crashes: task.crashes,
    ...(head.payer && { payer: head.payer }),
  };
}

/** Null unless nothing has happened to the run but its start, and nothing to the task. */
function seedOf({ rows: { head, joins } }: StoredRun, { attempt, failures, crashes }: TaskRecord): RunSeed | null {
  const isStart = head.step === 1 && head.epoch === 0 && head.status === 'running' && head.asking === 0;
  const isPlain = head.generations === 0 && head.failed === 0 && head.openJoins === 0 && joins.size === 0;
  // A message does not tell of a parent.
  const isFirst = head.parent === null && attempt === 1 && failures === 0 && crashes === 0;
  return isStart && isPlain && isFirst ? { step: 1, live: head.live, priority: head.priority } : null;
}
