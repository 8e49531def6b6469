/** From the machine's records to what travels on lanes. */
import type { Decision, RunHead, TaskRecord } from '../domain/run/records.ts';
import type { LaneList, RunSeed, TaskMessage } from '../ports/index.ts';

/** The messages for what a decision has readied, in order. */
export function messagesOf({ head, ready, steps, joins }: Decision): TaskMessage[] {
  const isFirst = steps.length === 1 && steps[0]?.type === 'run_started' && joins.length === 0;
  const isStart = isFirst && head.asking === 0 && head.parent === null;
  const seed: RunSeed | null = isStart ? { step: head.step, live: head.live, priority: head.priority } : null;
  return ready.map((task) => (seed ? { ...toMessage(head, task), seed } : toMessage(head, task)));
}

function toMessage(head: RunHead, task: TaskRecord): TaskMessage {
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
    ...(task.limitKey !== null && { limitKey: task.limitKey }),
    ...(head.payer && { payer: head.payer }),
  };
}

export function listOf({ lane, workflow, priority }: TaskMessage): LaneList {
  return { lane, tenant: workflow.tenant, priority };
}

/** A list's name within this process. */
export function listName({ lane, tenant, priority }: LaneList): string {
  return `${priority} ${tenant} ${lane}`;
}
