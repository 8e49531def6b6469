import type { ValidationEnv } from '@weft/engine/domain';
import type { Clock, EventBus, KeyStore, LiveLog } from '@weft/engine/ports';
import type { Engine, QueryDeps, Scheduler } from '@weft/engine/runtime';
import type { FastifyBaseLogger } from 'fastify';

import type { DashboardSource } from './routes/dashboard.ts';
import type { BackpressureOptions } from './pressure/lane-load.ts';
import type { Metric } from './metrics-text.ts';
import type { SocketLimits } from './socket/socket-limits.ts';

/** What the API stands on. */
export type AppOptions = {
  /** The command side. */
  engine: Engine;
  /** The read side. */
  queries: QueryDeps;
  bus: EventBus;
  live: LiveLog;
  clock: Clock;
  /** Which executors a document may name; handlers are always allowed. */
  hasExecutor: (type: string) => boolean;
  /** For "did you mean". */
  executorNames?: readonly string[];
  /** How many nodes a document may have. */
  maxNodes: number;
  /** The operator's bearer token; null: there is none. */
  token: string | null;
  /** What tenants are known by. */
  keys: KeyStore;
  /** A pino logger. */
  log: FastifyBaseLogger;
  /** The release, as `/healthz` and the metrics show it. */
  version: string;
  /** Counters of other parts of the process, for `/metrics`. */
  metrics?: () => Metric[];
  /** From when on new work is refused. Left out: never. */
  backpressure?: BackpressureOptions;
  /** Knows the tokens with which agents say that a task of theirs has moved on; left out: none may. */
  pushHints?: { isFor(task: { tenant: string; taskId: string }, token: string): boolean } | null;
  /** Starts the runs of schedules as long as the application is up. Left out: others do. */
  scheduler?: Pick<Scheduler, 'start' | 'stop'>;
  /** How many schedules a tenant may have (10,000). */
  maxSchedules?: number;
  /** Another dashboard than the one that was built. */
  dashboard?: DashboardSource;
  /** Other limits for WebSockets than the usual ones. */
  socketLimits?: Partial<SocketLimits>;
};

/** What is checked against a document here. */
export function validationEnv({ hasExecutor, executorNames, maxNodes }: AppOptions): ValidationEnv {
  return { hasExecutor, maxNodes, ...(executorNames && { executorNames }) };
}
