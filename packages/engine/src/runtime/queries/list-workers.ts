import type { Worker, WorkerStatus } from '@weft/contract';

import type { FleetStore, WorkerHealth, WorkerRecord } from '../../ports/index.ts';
import { toInstant } from './instant.ts';

/** The workers that live, and those that ended within the last hour, newest first. */
export async function listWorkers({ fleet }: { fleet: Pick<FleetStore, 'list'> }): Promise<Worker[]> {
  const workers = await fleet.list();
  return workers.toSorted((a, b) => b.startedAt - a.startedAt || a.id.localeCompare(b.id)).map(toWorker);
}

/** The worker as the API shows it. */
export function toWorker(worker: WorkerRecord): Worker {
  return {
    id: worker.id,
    name: worker.name,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    status: statusOf(worker),
    lanes: worker.lanes,
    slots: worker.slots,
    running: worker.running,
    rssBytes: worker.rssBytes,
    ...(worker.health && healthOf(worker.health)),
    startedAt: toInstant(worker.startedAt),
    seenAt: toInstant(worker.beatAt),
  };
}

function statusOf({ endedAt, desired }: WorkerRecord): WorkerStatus {
  return endedAt === null ? desired : 'dead';
}

function healthOf({ heapBytes, memoryBytes, limitBytes, lagMs, ...rest }: WorkerHealth): Partial<Worker> {
  const { zone, healthScore, slotsEffective } = rest;
  const memory = { memoryBytes, memoryLimitBytes: limitBytes };
  return { heapBytes, eventLoopLagMs: lagMs, ...memory, healthScore, zone, slotsEffective };
}
