/** What a run had spent by one of its steps. */
import type { Usage } from '@weft/contract';

import { endedAttempt, foldedTask } from '../../../domain/run/fold.ts';
import type { FoldedRun } from '../../../domain/run/fold.ts';
import type { UsageRecord } from '../../../domain/run/records.ts';
import type { RunReader } from '../../../ports/index.ts';
import type { Place } from './read-checkpoint.ts';

export async function spentAt(reader: RunReader, { run }: Place, fold: FoldedRun): Promise<Usage> {
  return spentBy(fold, await reader.spent(run.head.id));
}

/**
 * What the attempts have spent that had ended on the way to the step: those of a branch that was left do not count, nor do
 * those that were under way.
 */
export function spentBy(fold: FoldedRun, spent: readonly UsageRecord[]): Usage {
  const sum: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
  const past = new Map(fold.past.map(({ key, epoch, attempt }) => [nameOf(key, epoch), attempt]));
  for (const { key, epoch, attempt, usage } of spent) {
    const task = foldedTask(fold, key);
    const ended = task?.epoch === epoch ? endedAttempt(task) : 0;
    if (attempt > Math.max(ended, past.get(nameOf(key, epoch)) ?? 0)) continue;
    sum.inputTokens += usage.inputTokens;
    sum.outputTokens += usage.outputTokens;
    sum.usd += usage.usd;
  }
  return sum;
}

/** A key has no blank. */
function nameOf(key: string, epoch: number): string {
  return `${epoch} ${key}`;
}
