import { diagramOf } from '../../domain/graph/diagram.ts';
import type { Diagram } from '../../domain/graph/diagram.ts';
import { tellingStatuses } from '../../domain/graph/telling-status.ts';
import { firstKey } from '../../domain/run/reads.ts';
import { LIVE_TASK } from '../../domain/run/records.ts';
import type { QueryDeps } from './query-deps.ts';
import { isDropped } from './view-task.ts';

/** A run may have far more tasks than its drawing has nodes; so many are looked at for each purpose. */
const SEEN = 1000;

/** The graph of a run with the status of each node; null if the tenant has no such run. */
export async function drawRun(
  { reader, loadGraph }: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  run: { tenant: string; id: string },
): Promise<Diagram | null> {
  const record = await reader.run(run.tenant, run.id);
  if (!record) return null;
  const { document } = await loadGraph(record.head.workflow);
  const page = { limit: SEEN, after: null };
  const seen = await Promise.all([
    reader.tasksByKey(run.id, Object.keys(document.nodes).map(firstKey)),
    reader.tasks(run.id, page),
    reader.tasks(run.id, { ...page, statuses: [...LIVE_TASK, 'failed'] }),
  ]);
  const tasks = seen.flat().map((task) => ({
    node: task.node,
    status: isDropped(task, record) ? 'cancelled' : task.status,
  }));
  return diagramOf(document, { statuses: tellingStatuses(tasks) });
}
