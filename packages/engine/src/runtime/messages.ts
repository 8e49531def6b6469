/** From the machine's records to what travels on lanes. */
import type { RunHead, TaskRecord } from '../domain/run/records.ts';
import type { LaneList, TaskMessage } from '../ports/index.ts';

export function toMessage(head: RunHead, task: TaskRecord): TaskMessage {
  return {
    taskId: task.id,
    runId: head.id,
    key: task.key,
    node: task.node,
    taskEpoch: task.epoch,
    runEpoch: head.epoch,
    attempt: task.attempt,
    workflow: head.workflow,
    lane: task.lane ?? 'default',
    priority: task.priority,
    readyAt: task.readyAt,
    crashes: task.crashes,
  };
}

export function listOf({ lane, workflow, priority }: TaskMessage): LaneList {
  return { lane, tenant: workflow.tenant, priority };
}

/** A list's name within this process. */
export function listName({ lane, tenant, priority }: LaneList): string {
  return `${priority} ${tenant} ${lane}`;
}
