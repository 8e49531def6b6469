import type { Task } from '@weft/contract';

import { priorityName } from '../../domain/graph/priority.ts';
import type { Graph } from '../../domain/graph/graph.ts';
import { LIVE_TASK, TERMINAL_RUN } from '../../domain/run/records.ts';
import { placeOf } from '../../domain/task-key.ts';
import type { RunRecord, TaskView } from '../../ports/index.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { RunQueryDeps } from './view-run.ts';

/** The task as the wire shows it; null if the tenant has no such task. */
export async function viewTask(deps: RunQueryDeps, tenant: string, id: string): Promise<Task | null> {
  const task = await deps.reader.task(tenant, id);
  const run = task && (await deps.reader.run(tenant, task.runId));
  return task && run && toTask(task, run, await deps.loadGraph(run.head.workflow));
}

/** Whether the task's run has ended over its head: its row follows later, in a window (rule A13). */
export function isDropped(task: TaskView, run: RunRecord): boolean {
  return TERMINAL_RUN.has(run.head.status) && LIVE_TASK.has(task.status);
}

export function toTask(task: TaskView, run: RunRecord, graph: Graph): Task {
  const dropped = isDropped(task, run);
  return {
    id: task.id,
    runId: task.runId,
    key: task.key,
    node: task.node,
    ...placeOf(task.key),
    status: dropped ? 'cancelled' : task.status,
    ...(task.status === 'waiting' && !dropped && waitingFor(task)),
    ...(task.detail?.kind === 'items' && { items: task.detail.total }),
    ...(task.detail?.kind === 'child' && { childRunId: task.detail.runId }),
    attempt: task.attempt,
    failures: task.failures,
    crashes: task.crashes,
    maxAttempts: graph.nodes.get(task.node)?.retry.maxAttempts ?? 1,
    lane: task.lane ?? '',
    priority: priorityName(task.priority),
    ...(task.worker !== null && { worker: task.worker }),
    ...(task.placed && { endpoint: task.placed.endpoint, placed: task.placed }),
    ...(task.status === 'succeeded' && { output: task.output }),
    ...(task.cached && { cached: true }),
    ...(task.error && { error: task.error }),
    queuedAt: toInstant(task.readyAt),
    startedAt: toInstantOrNull(task.startedAt),
    endedAt: toInstantOrNull(dropped ? run.endedAt : task.settledAt),
    usage: task.usage,
  };
}

/** What a waiting task waits for, and when that ends by itself. A pause before a retry is in the journal only. */
function waitingFor({ waits, detail }: TaskView): Pick<Task, 'waits' | 'dueAt'> {
  const dueAt = waits === 'retry' ? null : dueOf(detail);
  return { waits: waits ?? 'retry', ...(dueAt !== null && { dueAt: toInstant(dueAt) }) };
}

function dueOf(detail: TaskView['detail']): number | null {
  if (detail?.kind === 'wait') return detail.dueAt;
  return detail?.kind === 'question' ? detail.expiresAt : null;
}
