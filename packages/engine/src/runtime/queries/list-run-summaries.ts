import type { RunSummary } from '@weft/contract';

import { priorityName } from '../../domain/graph/priority.ts';
import type { RunFilter, RunReader, RunRecord } from '../../ports/index.ts';
import { toInstant, toInstantOrNull } from './instant.ts';

/** Runs without what makes them large, newest first: one read, whatever their number. */
export async function listRunSummaries(
  { reader }: { reader: Pick<RunReader, 'runs'> },
  filter: RunFilter,
): Promise<RunSummary[]> {
  return (await reader.runs(filter)).map(toSummary);
}

function toSummary({ head, error, tags, createdAt, startedAt, endedAt }: RunRecord): RunSummary {
  return {
    id: head.id,
    workflow: { name: head.workflow.name, version: head.workflow.version },
    status: head.status,
    error,
    tags,
    priority: priorityName(head.priority),
    step: head.step,
    createdAt: toInstant(createdAt),
    startedAt: toInstantOrNull(startedAt),
    endedAt: toInstantOrNull(endedAt),
  };
}
