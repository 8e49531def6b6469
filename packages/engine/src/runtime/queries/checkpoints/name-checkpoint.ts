import type { CheckpointSummary, CheckpointTask } from '@weft/contract';

import { taskId } from '../../../domain/ids.ts';
import type { RunStatus } from '../../../domain/run/status.ts';
import type { StepRecord } from '../../../domain/run/step-record.ts';
import { nodeOf, placeOf } from '../../../domain/task-key.ts';
import { toInstant } from '../instant.ts';
import type { FoldedTask } from '../../../domain/run/fold.ts';

/** How a checkpoint is called everywhere. */
export function checkpointId(runId: string, step: number): string {
  return `${runId}@${step}`;
}

export function toSummary(runId: string, record: StepRecord, status: RunStatus): CheckpointSummary {
  return {
    id: checkpointId(runId, record.step),
    step: record.step,
    parent: record.parent,
    epoch: record.epoch,
    type: record.type,
    ...(record.node !== null && { node: record.node }),
    ...(record.taskId !== null && { taskId: record.taskId }),
    at: toInstant(record.at),
    status,
  };
}

/** What the key of a task says by itself. */
export function placeOfKey(key: string): Pick<CheckpointTask, 'key' | 'node' | 'iteration' | 'item'> {
  return { key, node: nodeOf(key), ...placeOf(key) };
}

export function toCheckpointTask(runId: string, task: FoldedTask): CheckpointTask {
  const { key, epoch, status, waits, dueAt, attempt, failures, crashes } = task;
  return {
    id: taskId(runId, epoch, key),
    ...placeOfKey(key),
    status,
    ...(waits !== null && { waits }),
    ...(dueAt !== null && { dueAt: toInstant(dueAt) }),
    attempt,
    failures,
    crashes,
  };
}
