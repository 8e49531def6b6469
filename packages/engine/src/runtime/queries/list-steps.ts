import type { Step } from '@weft/contract';

import type { QueryDeps } from './query-deps.ts';
import { readSteps, toStep } from './read-steps.ts';

export type StepList = { items: Step[]; next: number | null };

/** One page of a run's journal, from the first step on; null if the tenant has no such run. `next`: give it as `afterStep`. */
export async function listSteps(
  { reader }: Pick<QueryDeps, 'reader'>,
  run: { tenant: string; id: string },
  page: { limit: number; afterStep: number },
): Promise<StepList | null> {
  if (!(await reader.run(run.tenant, run.id))) return null;
  const steps = await readSteps(reader, run.id, { afterStep: page.afterStep, limit: page.limit + 1 });
  const shown = steps.slice(0, page.limit);
  const last = steps.length > shown.length ? shown.at(-1) : undefined;
  return { items: shown.map((step) => toStep(run.id, step)), next: last?.record.step ?? null };
}
