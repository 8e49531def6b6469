/** Nodes that wait: for a time, a signal, or an answer; and how a wait is closed (rules A12, B4, B8). */
import type { Json, TaskError } from '@weft/contract';

import type { GraphNode } from '../graph/graph.ts';
import { closeChild } from './children.ts';
import { itemsKey } from './reads.ts';
import type { TaskDetail, TaskRecord, Waits } from './records.ts';
import { clearWaitTimer } from './settled.ts';
import type { WorkingRun } from './working-run.ts';

/** Asks the question of an interrupt; its message was rendered. */
export function ask(run: WorkingRun, task: TaskRecord, { node, message }: { node: GraphNode; message: Json }): void {
  const expiresMs = node.question?.expiresMs ?? null;
  const expiresAt = expiresMs === null ? null : run.now + expiresMs;
  const text = message === null || typeof message === 'string' ? message : JSON.stringify(message);
  beginWait(run, task, {
    waits: 'answer',
    detail: { kind: 'question', id: task.id, at: 'node', message: text, expiresAt },
  });
  if (expiresAt !== null) run.setTimer(task, 'expire', expiresAt);
}

/** Waits for the time of a wait node, or for its signal; null if that time has passed already. */
export function waitFor(
  run: WorkingRun,
  task: TaskRecord,
  { node, until }: { node: GraphNode; until: Json },
): TaskError | 'over' | null {
  const { ms = null, signal = null, timeoutMs = 0 } = node.wait ?? {};
  const dueAt = signal === null ? (ms === null ? instantOf(until) : run.now + ms) : run.now + timeoutMs;
  if (dueAt === null) {
    const message = `until is no instant: ${JSON.stringify(until).slice(0, 100)}`;
    return { code: 'bad_until', message, retryable: false };
  }
  if (signal === null && dueAt <= run.now) return 'over';
  beginWait(run, task, { waits: signal === null ? 'time' : 'signal', detail: { kind: 'wait', dueAt, signal } });
  run.setTimer(task, 'wait', dueAt);
  return null;
}

/** An instant as text in ISO 8601, or in epoch milliseconds. */
function instantOf(value: Json): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : value;
  return typeof at === 'number' && Number.isFinite(at) && Math.abs(at) <= MAX_INSTANT ? at : null;
}

/** Postgres and JavaScript both know instants up to here, the year 200,000. */
const MAX_INSTANT = 6_248_534_400_000 * 1000;

/** Writes that a task has begun to wait, in a step of its own. */
export function beginWait(
  run: WorkingRun,
  task: TaskRecord,
  { waits, detail }: { waits: Waits; detail: TaskDetail },
): void {
  run.openStep('task_waiting', { task });
  const dueAt = detail.kind === 'wait' ? { dueAt: detail.dueAt } : {};
  const items = detail.kind === 'items' ? { items: detail.total } : {};
  run.change(task, { status: 'waiting', attempt: task.attempt, waits, ...dueAt, ...items }, { detail });
}

/** Closes a wait that a loop has left behind. A task that waits for its next attempt goes on. */
export function closeWait(run: WorkingRun, task: TaskRecord): void {
  const { waits, key, detail } = task;
  if (waits === null || waits === 'retry') return;
  clearWaitTimer(run, task);
  if (detail?.kind === 'child') closeChild(run, task);
  if (waits === 'items') {
    const count = run.join(itemsKey(key));
    if (count && !count.fired) run.setJoin({ ...count, fired: true });
  }
  run.change(task, { status: 'cancelled', attempt: task.attempt });
}
