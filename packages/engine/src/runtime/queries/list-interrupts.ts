import type { Interrupt, Page } from '@weft/contract';

import type { RunRecord } from '../../ports/index.ts';
import { questionOf } from '../steering/find-questions.ts';
import type { QueryDeps } from './query-deps.ts';
import { toInterrupt } from './view-interrupts.ts';

/** One page of the open questions of all runs, newest last. `nextCursor` is the id to give as `afterId`. */
export async function listInterrupts(
  { reader, loadGraph }: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  { tenant, limit, afterId }: { tenant: string; limit: number; afterId: string | null },
): Promise<Page<Interrupt>> {
  const tasks = await reader.questions({ tenant, limit: limit + 1, afterId });
  const shown = tasks.slice(0, limit);
  const runs = new Map<string, RunRecord | null>();
  const items: Interrupt[] = [];
  for (const task of shown) {
    const run = runs.get(task.runId) ?? (await reader.run(tenant, task.runId));
    runs.set(task.runId, run);
    const question = questionOf(task);
    if (run && question) items.push(toInterrupt(task, question, await loadGraph(run.head.workflow)));
  }
  return { items, nextCursor: tasks.length > shown.length ? (shown.at(-1)?.id ?? null) : null };
}
