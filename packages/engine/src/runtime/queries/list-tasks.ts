import type { Task } from '@weft/contract';

import type { TaskStatus } from '../../domain/run/records.ts';
import type { QueryDeps } from './query-deps.ts';
import { toTask } from './view-task.ts';

export type TaskPlace = { readsAt: number; key: string };

export type TaskList = { items: Task[]; next: TaskPlace | null };

/**
 * One page of a run's tasks in the order in which they were armed; null if the tenant has no such run. What an ended run has left
 * behind counts as cancelled, so a page may hold fewer than its limit of one status.
 */
export async function listTasks(
  deps: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  run: { tenant: string; id: string },
  page: { limit: number; after: TaskPlace | null; statuses?: TaskStatus[] },
): Promise<TaskList | null> {
  const record = await deps.reader.run(run.tenant, run.id);
  if (!record) return null;
  const graph = await deps.loadGraph(record.head.workflow);
  const tasks = await deps.reader.tasks(run.id, { ...page, limit: page.limit + 1 });
  const isWanted = (status: string): boolean => page.statuses?.some((one) => one === status) ?? true;
  const shown = tasks.slice(0, page.limit);
  const last = tasks.length > shown.length ? shown.at(-1) : undefined;
  return {
    items: shown.map((task) => toTask(task, record, graph)).filter(({ status }) => isWanted(status)),
    next: last ? { readsAt: last.readsAt, key: last.key } : null,
  };
}
