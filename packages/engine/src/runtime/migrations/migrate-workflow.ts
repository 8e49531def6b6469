/** Moving the live runs of a workflow to one of its versions, each on its own; or only saying which of them could. */
import { AppError } from '@weft/contract';
import type { RunMigration, WorkflowMigration } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { RunRecord } from '../../ports/index.ts';
import type { MigrateAllRequest, MigratedPage } from '../engine.ts';
import { loadTarget, look, migrateRun } from './migrate-run.ts';
import type { MigrateDeps } from './migrate-run.ts';

/** One page of the live runs, newest first. Throws AppError `not_found` where there is no such workflow or version. */
export async function migrateWorkflow(deps: MigrateDeps, request: MigrateAllRequest): Promise<MigratedPage> {
  const { tenant, name, from, limit, beforeId } = request;
  const to = await loadTarget(deps, request, request.version);
  const runs = await deps.reader.runs({
    tenant,
    workflow: name,
    statuses: ['pending', 'running', 'interrupted'],
    exceptVersion: to.ref.version,
    ...(from && { versions: from }),
    ...(beforeId !== null && { beforeId }),
    limit: limit + 1,
  });
  const items: RunMigration[] = [];
  for (const run of runs.slice(0, limit)) items.push(await moveOne(deps, { run, to, dryRun: request.dryRun }));
  const lastId = runs.length > limit ? (items.at(-1)?.runId ?? null) : null;
  return { name, to: to.ref.version, items, counts: count(items), lastId };
}

async function moveOne(
  deps: MigrateDeps,
  { run, to, dryRun }: { run: RunRecord; to: Graph; dryRun: boolean },
): Promise<RunMigration> {
  const { id, workflow } = run.head;
  const before = await look(deps, { run, to });
  if (dryRun || !before.fits) return before;
  try {
    const { version } = to.ref;
    return await migrateRun(deps, { tenant: workflow.tenant, runId: id, version, dryRun: false, ifStep: null });
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'internal') throw error;
    const { code, message, errors } = error;
    return { ...before, fits: false, problems: errors.length > 0 ? [...errors] : [{ code, pointer: '', message }] };
  }
}

function count(items: readonly RunMigration[]): WorkflowMigration['counts'] {
  const fit = items.filter(({ fits }) => fits).length;
  const migrated = items.filter((item) => item.migrated).length;
  return { runs: items.length, fit, misfit: items.length - fit, migrated };
}
