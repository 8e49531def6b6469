/** Records as they begin: one place that knows what a new head, task or snapshot holds. */
import type { Json } from '@weft/contract';

import { emptyHead } from './journal.ts';
import type { Reads, RunHead, RunSnapshot, TaskRecord } from './records.ts';

type NewHead = Pick<RunHead, 'id' | 'workflow' | 'priority'> & Partial<RunHead>;

/** The head of a run that has not begun. */
export function freshHead(head: NewHead): RunHead {
  return { ...emptyHead(), parent: null, payer: null, ...head };
}

type NewTask = Pick<TaskRecord, 'key' | 'epoch' | 'id' | 'node' | 'readsAt' | 'readyAt' | 'lane' | 'priority'> &
  Partial<TaskRecord>;

/** A task that has just been armed. */
export function freshTask(task: NewTask): TaskRecord {
  // Written out, since every task begins here: a spread takes several times as long.
  return {
    key: task.key,
    epoch: task.epoch,
    id: task.id,
    node: task.node,
    status: task.status ?? 'ready',
    attempt: task.attempt ?? 1,
    failures: task.failures ?? 0,
    crashes: task.crashes ?? 0,
    blamed: task.blamed ?? false,
    readsAt: task.readsAt,
    readyAt: task.readyAt,
    lane: task.lane,
    priority: task.priority,
    limitKey: task.limitKey ?? null,
    captured: task.captured ?? null,
    item: task.item ?? null,
    iterations: task.iterations ?? null,
    fate: task.fate ?? null,
    waits: task.waits ?? null,
    detail: task.detail ?? null,
    output: task.output ?? null,
    error: task.error ?? null,
    settledStep: task.settledStep ?? null,
    settledAt: task.settledAt ?? null,
    startedAt: task.startedAt ?? null,
    worker: task.worker ?? null,
    letter: task.letter ?? null,
  };
}

/** Everything of a snapshot but its head, with nothing seen yet of what `reads` names. */
export function emptyParts(reads: Reads): Omit<RunSnapshot, 'head'> {
  return {
    reads,
    tasks: new Map(),
    joins: new Map(),
    channels: new Map(),
    body: null,
    mail: [],
    kept: new Map<string, RunSnapshot['mail']>(),
    chunks: new Map<string, Json[]>(),
    items: new Map<string, Json[]>(),
    branch: null,
    inline: [],
  };
}
