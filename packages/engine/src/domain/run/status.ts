/** Where a run or a task stands. */

export type RunStatus = 'pending' | 'running' | 'interrupted' | 'succeeded' | 'failed' | 'cancelled';

export type TaskStatus = 'ready' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export const TERMINAL_RUN: ReadonlySet<RunStatus> = new Set<RunStatus>(['succeeded', 'failed', 'cancelled']);

export const LIVE_TASK: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['ready', 'running', 'waiting']);
