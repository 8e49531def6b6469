/** What has become of a dispatched task, by what stands on its task. */
import type { DispatchResult, JsonObject, Run, Task } from '@weft/contract';
import { viewEndpoint } from '@weft/engine/runtime';
import type { QueryDeps } from '@weft/engine/runtime';

import { dispatchedType } from './dispatch-document.ts';

const ENDED: ReadonlySet<Task['status']> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

/** Null: the task was not dispatched. */
export async function dispatchResult(
  queries: QueryDeps,
  tenant: string,
  { task, run }: { task: Task; run: Run },
): Promise<DispatchResult | null> {
  const taskType = dispatchedType(run);
  if (taskType === null) return null;
  const ended = ENDED.has(task.status);
  const why = task.placed?.why ?? null;
  const dispatchedTo = task.placed?.endpoint ?? null;
  return {
    taskId: task.id,
    runId: run.id,
    taskType,
    priority: task.priority,
    status: task.status,
    selectedNode: bestOf(why) ?? dispatchedTo,
    costOptimalNode: nameIn(why?.['cheapest']),
    dispatchedTo,
    circuitState: dispatchedTo === null ? null : await circuitOf(queries, tenant, dispatchedTo),
    success: ended ? task.status === 'succeeded' : null,
    error: task.error ?? (task.status === 'cancelled' ? run.error : null),
    latencyMs: latencyOf(task),
    output: task.output ?? null,
    usage: task.usage,
    why,
  };
}

/** Those that were considered stand there by their score. */
function bestOf(why: JsonObject | null): string | null {
  const considered = why?.['considered'];
  const [best] = Array.isArray(considered) ? considered : [];
  return best !== null && typeof best === 'object' && !Array.isArray(best) ? nameIn(best['name']) : null;
}

function nameIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Null where the endpoint is not there any more. */
async function circuitOf(queries: QueryDeps, tenant: string, name: string): Promise<DispatchResult['circuitState']> {
  return viewEndpoint(queries, tenant, name).then(
    ({ circuit }) => circuit,
    () => null,
  );
}

function latencyOf({ status, queuedAt, endedAt }: Task): number | null {
  if (!ENDED.has(status) || queuedAt === null || endedAt === null) return null;
  return Math.max(0, Date.parse(endedAt) - Date.parse(queuedAt));
}
