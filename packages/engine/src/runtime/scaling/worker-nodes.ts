/** The workers as nodes of the mesh: which of them work, and which are there and do not. */
import type { WorkerAdvice } from '@weft/contract';

import type { Nodes } from '../../domain/scaling/demand.ts';
import { nodeAdvice } from '../../domain/scaling/scaling-action.ts';
import type { Zone } from '../../domain/load/zone.ts';
import type { WorkerRecord } from '../../ports/index.ts';
import { serves } from '../queries/list-lanes.ts';

/** Their memory keeps them from working. */
const ILL: ReadonlySet<Zone> = new Set(['red', 'critical']);

/** Those that shall take work; `lanes` null: from any lane. */
export function workersAt(fleet: readonly WorkerRecord[], lanes: readonly string[] | null): WorkerRecord[] {
  return fleet.filter(
    (worker) =>
      worker.endedAt === null &&
      worker.desired === 'active' &&
      (lanes === null || lanes.some((lane) => serves(worker, lane))),
  );
}

/** `silentMs`: so long after its last beat a worker counts as one that does not work; sweepers end it soon. */
export function nodesOf(workers: readonly WorkerRecord[], { now, silentMs }: { now: number; silentMs: number }): Nodes {
  const errors = workers.filter(({ health, beatAt }) => (health && ILL.has(health.zone)) || now - beatAt > silentMs);
  return { active: workers.length - errors.length, errors: errors.length, total: workers.length };
}

/** Those that have not begun yet are left out. */
export function adviceFor(workers: readonly WorkerRecord[]): WorkerAdvice[] {
  return workers.flatMap(({ id, running, health }) => {
    const action = health === null ? null : nodeAdvice(running);
    return action === null ? [] : [{ worker: id, running, action }];
  });
}
