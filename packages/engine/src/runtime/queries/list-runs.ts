import type { Page, Run } from '@weft/contract';

import type { RunFilter } from '../../ports/index.ts';
import { toRun } from './view-run.ts';
import type { RunQueryDeps } from './view-run.ts';

/** One page of runs, newest first. `nextCursor` is the id to give as `beforeId`. */
export async function listRuns(deps: RunQueryDeps, filter: RunFilter): Promise<Page<Run>> {
  const records = await deps.reader.runs({ ...filter, limit: filter.limit + 1 });
  const shown = records.slice(0, filter.limit);
  const items: Run[] = [];
  // One after the other: a page must not take all connections of the pool.
  for (const record of shown) items.push(await toRun(deps, record));
  return { items, nextCursor: records.length > shown.length ? (shown.at(-1)?.head.id ?? null) : null };
}
