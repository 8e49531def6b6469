import type { Worker } from '@weft/contract';

import type { FleetStore, WorkerRecord } from '../../ports/index.ts';
import { toInstant } from './instant.ts';

/** The workers that live, and those that ended within the last hour, newest first. */
export async function listWorkers({ fleet }: { fleet: Pick<FleetStore, 'list'> }): Promise<Worker[]> {
  const workers = await fleet.list();
  return workers.toSorted((a, b) => b.startedAt - a.startedAt || a.id.localeCompare(b.id)).map(toWorker);
}

function toWorker(worker: WorkerRecord): Worker {
  return {
    id: worker.id,
    name: worker.name,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    status: worker.endedAt === null ? 'active' : 'dead',
    lanes: worker.lanes,
    slots: worker.slots,
    running: worker.running,
    rssBytes: worker.rssBytes,
    startedAt: toInstant(worker.startedAt),
    seenAt: toInstant(worker.beatAt),
  };
}
