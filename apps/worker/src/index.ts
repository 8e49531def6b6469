export { readWorkerConfig, WorkerConfigError } from './config.ts';
export type { WorkerConfig } from './config.ts';
export { createProcessGauge } from './gauge/process-gauge.ts';
export { workerOptions } from './worker-options.ts';
export type { WorkerSetup } from './worker-options.ts';
