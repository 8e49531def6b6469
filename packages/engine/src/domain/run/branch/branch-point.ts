/** Where a run can branch off, and what is still to come there (rules C3, C4). */
import type { FoldStep } from '../journal.ts';
import type { Failure, FoldedRun } from '../records.ts';
import type { StepRecord, TaskFact } from '../step-record.ts';

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

/** Remembers of a step why tasks have failed. What had failed before a run was forked did so in the run before it. */
export function noteFailures(failures: Map<string, Failure>, { step, facts }: FoldStep): void {
  const note = ({ key, status, error }: TaskFact, at: number): void => {
    if (status === 'failed' && error) failures.set(key, { error, step: at });
  };
  for (const fact of facts.snapshot?.tasks ?? []) if ('key' in fact) note(fact, step - 1);
  for (const fact of facts.tasks ?? []) note(fact, step);
}
