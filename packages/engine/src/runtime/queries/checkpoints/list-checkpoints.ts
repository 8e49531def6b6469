import type { CheckpointSummary } from '@weft/contract';

import type { RunStatus } from '../../../domain/run/status.ts';
import type { RunReader } from '../../../ports/index.ts';
import type { QueryDeps } from '../query-deps.ts';
import { emptyFold } from '../../../domain/run/fold.ts';
import { foldAlong } from './fold-along.ts';
import { toSummary } from './name-checkpoint.ts';
import { pathTo } from './step-path.ts';

/** A step, and the status that the run had after it: what the list goes on from. */
export type ListPlace = { step: number; status: RunStatus };

export type CheckpointList = { items: CheckpointSummary[]; next: ListPlace | null };

/** One page of the checkpoints of a run, from its first step on; null if the tenant has no such run. */
export async function listCheckpoints(
  { reader }: Pick<QueryDeps, 'reader'>,
  run: { tenant: string; id: string },
  page: { limit: number; after: ListPlace | null },
): Promise<CheckpointList | null> {
  if (!(await reader.run(run.tenant, run.id))) return null;
  const { step: afterStep, status } = page.after ?? { step: 0, status: 'pending' };
  const steps = await reader.steps(run.id, { afterStep, limit: page.limit + 1 });
  const known = new Map<number, RunStatus>([[afterStep, status]]);
  const items: CheckpointSummary[] = [];
  for (const record of steps.slice(0, page.limit)) {
    const after =
      record.facts.run?.status ?? known.get(record.parent) ?? (await statusAt(reader, run.id, record.parent));
    known.set(record.step, after);
    items.push(toSummary(run.id, record, after));
  }
  const last = steps.length > items.length ? items.at(-1) : undefined;
  return { items, next: last ? { step: last.step, status: last.status } : null };
}

/** The status that the run had after the step. */
export async function statusAt(reader: RunReader, runId: string, step: number): Promise<RunStatus> {
  const path = await pathTo(reader, runId, step);
  const { progress } = await foldAlong(reader, runId, { fold: emptyFold(), path });
  return progress.head.status;
}
