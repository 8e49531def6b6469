import type { Ack, TaskMessage } from '@weft/engine/ports';

export type TaskMessageParts = Partial<Omit<TaskMessage, 'workflow'>> & { tenant?: string };

/** A message for a task of this name: first attempt, normal priority, tenant `acme`, lane `default`. */
export function taskMessage(taskId: string, { tenant = 'acme', ...parts }: TaskMessageParts = {}): TaskMessage {
  return {
    taskId,
    runId: `run-of-${taskId}`,
    key: `${taskId}#1`,
    node: taskId,
    taskEpoch: 1,
    runEpoch: 1,
    attempt: 1,
    workflow: { tenant, name: 'flow', version: 1 },
    lane: 'default',
    priority: 2,
    readyAt: Date.UTC(2026, 0, 1),
    crashes: 0,
    ...parts,
  };
}

/** The acknowledgement of the attempt that the message carries. */
export function ackOf({ lane, taskId, attempt }: TaskMessage): Ack {
  return { lane, taskId, attempt };
}
