/** Where a run can branch off, and what is still to come there (rules C3, C4). */
import type { FoldedRun } from '../records.ts';
import type { StepRecord } from '../step-record.ts';

/**
 * Whether a run cannot go on between a step and the next one: the run fails with it, or state is injected before the edges of its
 * task end.
 */
export function partOfNext(
  { step }: Pick<StepRecord, 'step'>,
  next: Pick<StepRecord, 'parent' | 'type' | 'facts'>,
): boolean {
  const { parent, type, facts } = next;
  if (parent !== step) return false;
  if (type === 'run_ended') return facts.run?.status === 'failed';
  return type === 'state_injected' && facts.kept !== undefined && facts.afterNode === undefined;
}

/** Sends that have begun and have not ended well: they may still want items. */
export function sendsAt({ progress }: FoldedRun): { key: string; taken: number }[] {
  return Array.from(progress.joins.values()).flatMap(({ key: name, taken }) => {
    const key = name.endsWith('[]') ? name.slice(0, -2) : null;
    const status = key === null ? undefined : progress.tasks.get(key)?.status;
    return key === null || status === undefined || status === 'succeeded' ? [] : [{ key, taken }];
  });
}
