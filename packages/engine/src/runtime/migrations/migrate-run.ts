/** Moving one run to another version of its workflow, by mail (rule A10). */
import { AppError } from '@weft/contract';
import type { RunMigration } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { RunRecord, WorkflowStore } from '../../ports/index.ts';
import type { MigrateRequest } from '../engine.ts';
import { openLetters } from '../steering/letters.ts';
import type { SteerDeps } from '../steering/steer-deps.ts';
import { runOf } from '../steering/steered-run.ts';
import { checkRun } from './check-run.ts';

export type MigrateDeps = SteerDeps & { workflows: Pick<WorkflowStore, 'load'> };

export async function migrateRun(deps: MigrateDeps, request: MigrateRequest): Promise<RunMigration> {
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  const to = await loadTarget(deps, run.head.workflow, request.version);
  if (!letters.isKnown) refuseEnded(run);
  const before = await look(deps, { run, to });
  if (request.dryRun) return before;
  if (!letters.isKnown) {
    if (run.head.workflow.version === to.ref.version) return { ...before, migrated: true };
    refuseMisfit(run, before, request.ifStep);
  }
  const payload = { version: to.ref.version, ifStep: request.ifStep };
  await letters.send({ runId: request.runId, kind: 'migrate', payload });
  if (letters.isKnown || (await letters.stepIn(request.runId, run.head.step))) return { ...before, migrated: true };
  await tellWhy(deps, request, to);
  return { ...before, migrated: true };
}

/** The compiled version. Throws AppError `not_found`. */
export async function loadTarget(
  { workflows, graphs }: Pick<MigrateDeps, 'workflows' | 'graphs'>,
  { tenant, name }: { tenant: string; name: string },
  version: number | null,
): Promise<Graph> {
  if (version !== null) return graphs.load({ tenant, name, version });
  const newest = await workflows.load({ tenant, name });
  if (!newest) throw new AppError('not_found', `there is no workflow ${JSON.stringify(name)}`);
  return graphs.load(newest.ref);
}

/** How the run stands to the version now. */
export async function look(deps: MigrateDeps, { run, to }: { run: RunRecord; to: Graph }): Promise<RunMigration> {
  const { id, step, workflow } = run.head;
  const problems = await checkRun(deps, run, to);
  const fits = problems.length === 0;
  return { runId: id, from: workflow.version, to: to.ref.version, step, fits, migrated: false, problems };
}

/** Only a failed run can be taken up again. */
function refuseEnded({ head: { status } }: RunRecord): void {
  if (status !== 'succeeded' && status !== 'cancelled') return;
  throw new AppError('conflict', `a run that has ended as ${status} follows its version for good`);
}

/** Throws AppError `conflict`, or `version_misfit` with everything that does not fit. */
function refuseMisfit({ head }: RunRecord, { problems, to }: RunMigration, ifStep: number | null): void {
  if (ifStep !== null && ifStep !== head.step)
    throw new AppError('conflict', `the run is not at step ${ifStep}, but at step ${head.step}`);
  if (problems.length === 0) return;
  const message = `the run does not fit version ${to}: ${problems[0]?.message}`;
  throw new AppError('version_misfit', message, { errors: problems });
}

/** The run has moved on between the look and the lock, and did not fit then: says why, or that it may be tried again. */
async function tellWhy(deps: MigrateDeps, request: MigrateRequest, to: Graph): Promise<void> {
  const run = await runOf(deps, request);
  if (run.head.workflow.version === to.ref.version) return;
  refuseEnded(run);
  refuseMisfit(run, await look(deps, { run, to }), request.ifStep);
  throw new AppError('conflict', 'the run went on in between, and did not fit then; try again');
}
