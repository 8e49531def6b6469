import { AppError } from '@weft/contract';

import type { DesiredState, FleetStore, WorkerRecord } from '../../ports/index.ts';

/** Says what a worker shall do; it learns that with its next beat. Throws AppError `not_found`, `conflict` if it has ended. */
export async function directWorker(
  { fleet }: { fleet: Pick<FleetStore, 'want'> },
  { id, desired }: { id: string; desired: DesiredState },
): Promise<WorkerRecord> {
  const worker = await fleet.want(id, desired);
  if (!worker) throw new AppError('not_found', `there is no worker ${JSON.stringify(id.slice(0, 100))}`);
  if (worker.endedAt !== null) throw new AppError('conflict', `the worker ${id} has ended`);
  return worker;
}
