/** Looking sooner for what a task waits for. */
import type { SteerDeps } from './steer-deps.ts';

/** A task that was at it so lately is let be, ms: who sends hints in a row shall not make it work in a row. */
const REST_MS = 1000;

/**
 * Lets a task that waits to go on do so now. Nothing but the time changes, so a hint that is wrong, late or repeated costs one more
 * look. False: it does not wait, or was at it a moment ago.
 */
export async function wakeTask(
  { reader, settler, clock }: Pick<SteerDeps, 'reader' | 'settler' | 'clock'>,
  { tenant, taskId }: { tenant: string; taskId: string },
): Promise<boolean> {
  const task = await reader.task(tenant, taskId);
  if (task?.waits !== 'retry' || task.detail?.kind !== 'memo') return false;
  if (task.startedAt !== null && clock.now() - task.startedAt < REST_MS) return false;
  const { runId, key, attempt } = task;
  const event = { type: 'timer', key, kind: 'retry', attempt } as const;
  const { applied } = await settler.settle({ runId, workflow: null, event });
  return applied;
}
