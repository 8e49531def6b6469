/** How two runs are related, by what they were forked from. */
import type { RunComparison } from '@weft/contract';

import { lastShared } from '../../../domain/run/step-path.ts';
import type { RunReader, RunRecord } from '../../../ports/index.ts';
import { pathTo } from '../checkpoints/step-path.ts';

/** A fork of a fork of a fork ... is followed so far. */
const MAX_FORKS = 100;

type Checkpointed = { runId: string; step: number };

/** Runs that were deleted still have their place: those that were forked from them name them. */
export async function relate(
  reader: RunReader,
  from: RunRecord,
  to: RunRecord,
): Promise<Pick<RunComparison, 'relation' | 'common'>> {
  const other = new Map((await lineOf(reader, to)).map(({ runId, step }) => [runId, step]));
  for (const { runId, step } of await lineOf(reader, from)) {
    const otherStep = other.get(runId);
    if (otherStep === undefined) continue;
    return {
      relation: relationOf(runId, from, to),
      common: { runId, step: await shared(reader, runId, [step, otherStep]) },
    };
  }
  return { relation: 'none', common: null };
}

function relationOf(runId: string, from: RunRecord, to: RunRecord): RunComparison['relation'] {
  if (from.head.id === to.head.id) return 'same';
  if (runId === from.head.id) return 'fork';
  return runId === to.head.id ? 'original' : 'siblings';
}

/** The run at its last step, then what it was forked from, at the step where that was. */
async function lineOf(reader: RunReader, { head, forkedFrom }: RunRecord): Promise<Checkpointed[]> {
  const line: Checkpointed[] = [{ runId: head.id, step: head.step }];
  for (let next = forkedFrom; next && line.length < MAX_FORKS;) {
    line.push(next);
    next = (await reader.run(head.workflow.tenant, next.runId))?.forkedFrom ?? null;
  }
  return line;
}

/** A replay leaves steps behind, so the lesser of the two need not lie on both ways. */
async function shared(reader: RunReader, runId: string, [a, b]: [number, number]): Promise<number> {
  if (a === 0 || b === 0) return 0;
  return lastShared(await pathTo(reader, runId, a), await pathTo(reader, runId, b));
}
