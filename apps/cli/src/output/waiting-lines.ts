/** Why tasks that are ready do not run, as far as somebody could do something about it. */
import type { Reason, Task } from '@weft/contract';
import { ApiError, type WeftClient } from '@weft/sdk';

/** Who asks wants to know what is wrong; that a task is about to be claimed is not. */
const WORTH_SAYING = new Set([
  'no_worker',
  'workers_closed',
  'workers_short',
  'lane_paused',
  'tenant_limit',
  'tenant_rate',
  'key_limit',
  'key_rate',
]);
const MOST_LANES = 5;

/** One line for each reason, asked for one task of each lane. */
export async function waitingLines(client: WeftClient, tasks: readonly Task[], signal: AbortSignal): Promise<string[]> {
  const ready = tasks.filter(({ status }) => status === 'ready');
  const byLane = Array.from(Map.groupBy(ready, ({ lane }) => lane).values()).slice(0, MOST_LANES);
  const lines = await Promise.all(
    byLane.map(async (some) => {
      const [first] = some;
      const reasons = first ? await whyOf(client, first.id, signal) : [];
      const nodes = Array.from(new Set(some.map(({ node }) => node)));
      const others = nodes.length > 1 ? ` and ${nodes.length - 1} more` : '';
      return reasons.map(({ message }) => `${nodes[0] ?? ''}${others} waits: ${message}`);
    }),
  );
  return lines.flat();
}

/** A task that is gone by now has nothing to say. */
async function whyOf(client: WeftClient, id: string, signal: AbortSignal): Promise<Reason[]> {
  try {
    const { reasons } = await client.tasks.why(id, { signal });
    return reasons.filter(({ code }) => WORTH_SAYING.has(code));
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
