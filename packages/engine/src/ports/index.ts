export type { Executor, ExecutorCall, ExecutorLog, Outcome, TaskError, Usage } from './executor.ts';
