/** What a worker of this process is: its executors, lanes, slots and secrets. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { ANY_LANE } from '@weft/engine/ports';
import type { Executor } from '@weft/engine/ports';
import type { WorkerOptions } from '@weft/engine/runtime';
import {
  loadExecutors,
  loadHandlers,
  loadPrices,
  redact,
  redactOutcome,
  redactText,
  resolveSecrets,
  runningGroups,
} from '@weft/executors';

import type { WorkerConfig } from './config.ts';
import { createProcessGauge } from './gauge/process-gauge.ts';

const BYTES_PER_MIB = 1024 * 1024;

export type WorkerSetup = {
  name: string;
  version: string;
  config: WorkerConfig;
  /** A file of user handlers, or null. */
  handlersFile: string | null;
  /** Lanes by name; null for all that this worker can serve. */
  lanes: string[] | null;
};

/** Loads the executors and, if given, the user's handlers. Each start is a new incarnation with an id of its own. */
export async function workerOptions({
  name,
  version,
  config,
  handlersFile,
  lanes,
}: WorkerSetup): Promise<WorkerOptions> {
  loadPrices();
  const builtin = await loadExecutors();
  const handlers = handlersFile === null ? new Map<string, Executor>() : await loadHandlers(handlersFile);
  const { slots, memoryLimitMib, environment } = config;
  return {
    id: randomUUID(),
    name,
    version,
    slots,
    lanes: [...(lanes ?? [ANY_LANE]), ...handlers.keys()],
    pid: process.pid,
    host: hostname(),
    executors: new Map<string, Executor>([...builtin, ...handlers]),
    secrets: {
      resolve: (input, pointers) => resolveSecrets(input, pointers, environment),
      redact,
      redactOutcome,
      redactText,
    },
    rssBytes: () => process.memoryUsage.rss(),
    gauge: createProcessGauge({
      limitBytes: memoryLimitMib === null ? null : memoryLimitMib * BYTES_PER_MIB,
      started: runningGroups,
    }),
  };
}
