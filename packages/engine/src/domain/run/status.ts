/** Where a run or a task stands. */

export type RunStatus = 'pending' | 'running' | 'interrupted' | 'succeeded' | 'failed' | 'cancelled';

export type TaskStatus = 'ready' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export const TERMINAL_RUN: ReadonlySet<RunStatus> = new Set<RunStatus>(['succeeded', 'failed', 'cancelled']);

export const LIVE_TASK: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['ready', 'running', 'waiting']);

/**
 * What a waiting task waits for: a pause before its next attempt, a time, a signal, its child run, the items of its send, or
 * an answer: to its own question, or to one of its child.
 */
export type Waits = 'retry' | 'time' | 'signal' | 'child' | 'items' | 'answer' | 'child_answer';

/** `heads`: how often the closure of this node was started anew; `latest`: the iteration that settled last, if not the first. */
export type Jumps = { heads: Readonly<Record<string, number>>; latest: Readonly<Record<string, number>> };
