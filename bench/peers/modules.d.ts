/**
 * What the bench uses of packages that only `bench/peers/package.json` knows. They are installed when the bench runs, so
 * their own types are not there when the repository is checked.
 */
declare module '@restatedev/restate-sdk' {
  export type Context = { run<T>(name: string, action: () => Promise<T>): Promise<T> };
  type Handler = (context: Context, input: unknown) => Promise<unknown>;
  export function service(definition: { name: string; handlers: Record<string, Handler> }): unknown;
  export function serve(options: { services: unknown[]; port: number }): Promise<number>;
  export const RestatePromise: { all<T>(promises: Promise<T>[]): Promise<T[]> };
}

declare module '@dbos-inc/dbos-sdk' {
  export const DBOS: {
    setConfig(config: {
      name: string;
      systemDatabaseUrl: string;
      systemDatabasePoolSize: number;
      logLevel: string;
    }): void;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
    registerWorkflow<T>(work: () => Promise<T>, config: { name: string }): () => Promise<T>;
    runStep<T>(work: () => Promise<T>, config: { name: string }): Promise<T>;
  };
}

declare module 'pg-boss' {
  type Options = { connectionString: string; max: number; supervise: boolean; schedule: boolean };
  export class PgBoss {
    constructor(options: Options);
    on(event: 'error', handle: (error: Error) => void): void;
    start(): Promise<unknown>;
    stop(options: { graceful: boolean }): Promise<void>;
    createQueue(name: string): Promise<void>;
    insert(name: string, jobs: { data: object }[]): Promise<unknown>;
    fetch(name: string, options: { batchSize: number }): Promise<{ id: string; data: object }[]>;
    complete(name: string, ids: string[], data: object): Promise<unknown>;
  }
}

declare module 'graphile-worker' {
  import type { EventEmitter } from 'node:events';
  export class Logger {
    constructor(factory: () => () => void);
    readonly scope: unknown;
  }
  type WorkerPreset = {
    connectionString: string;
    concurrentJobs: number;
    pollInterval: number;
    maxPoolSize: number;
    completeJobBatchDelay: number;
    failJobBatchDelay: number;
    localQueue: { size: number };
    logger: Logger;
  };
  export function run(options: {
    preset: { worker: WorkerPreset };
    taskList: Record<string, (payload: unknown) => Promise<unknown>>;
    events: EventEmitter;
    noHandleSignals: boolean;
  }): Promise<{ stop(): Promise<void> }>;
  export function makeWorkerUtils(options: { connectionString: string; logger: Logger }): Promise<{
    migrate(): Promise<void>;
    addJobs(jobs: { identifier: string; payload: object }[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
}

/** Of `@langchain/langgraph` the bench uses what the comparison suite declares. */
declare module '@langchain/langgraph-checkpoint-postgres' {
  import type { Pool } from 'pg';
  export class PostgresSaver {
    constructor(pool: Pool);
    setup(): Promise<void>;
  }
}
