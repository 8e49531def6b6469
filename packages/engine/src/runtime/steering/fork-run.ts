/** Forking a run at one of its steps: another run goes on from there (rule C4). */
import { AppError } from '@weft/contract';

import { closureOf } from '../../domain/graph/graph.ts';
import type { Graph } from '../../domain/graph/graph.ts';
import type { BranchPoint } from '../../domain/run/records.ts';
import { haveSameShape } from '../../domain/migrate/same-shape.ts';
import { misfits } from '../../domain/migrate/misfits.ts';
import { iterationOf } from '../../domain/run/iterations.ts';
import { LIVE_TASK } from '../../domain/run/status.ts';
import type { ForkRequest, StartResult, SteerRequest } from '../engine.ts';
import { foldTo } from '../queries/checkpoints/read-checkpoint.ts';
import { writtenKeys } from '../migrations/check-run.ts';
import { stateChangesOf } from './state-changes.ts';
import type { SteerDeps } from './steer-deps.ts';
import { runOf, stepOf } from './steered-run.ts';

export async function forkRun(deps: SteerDeps, request: SteerRequest & ForkRequest): Promise<StartResult> {
  try {
    return await fork(deps, request);
  } catch (error) {
    // Retention may have taken the run away while it was read, or before its rows were copied.
    if (await deps.reader.run(request.tenant, request.runId)) throw error;
    throw new AppError('not_found', `there is no run ${request.runId}; if there was one, it has been deleted`, {
      cause: error,
    });
  }
}

async function fork(deps: SteerDeps, request: SteerRequest & ForkRequest): Promise<StartResult> {
  const { runId, idempotency = null } = request;
  const run = await runOf(deps, request);
  const { head, input, config } = run;
  const { step } = await stepOf(deps, run, request.step ?? head.step);
  const point = await deps.reader.branchPoint(runId, step, (path) => foldTo(deps.reader, { run, path }));
  refuseFinal(point);
  const then = { ...head.workflow, version: point.version ?? head.workflow.version };
  const workflow = request.workflow ?? then;
  const graph = await deps.graphs.load(workflow);
  const updates = stateChangesOf(graph, request);
  if (workflow.version !== then.version) refuseMisfits(await deps.graphs.load(then), graph, point);
  refuseEdits(graph, point, request.edited);
  const result = await deps.start({
    workflow,
    input,
    config,
    priority: head.priority,
    tags: request.tags ?? run.tags,
    idempotency,
    asFork: { point, updates, differs: updates.length > 0 || request.workflow !== null },
    ...(request.key !== undefined && { key: request.key }),
    like: { payer: head.payer, budget: run.budget },
    // Not the step that was asked for, where others belong to it.
    forkedFrom: { runId, step: point.step },
  });
  if (result instanceof AppError) throw result;
  // What goes on by itself has gone on when the run is shown.
  if (result.created) await deps.settler.settle({ runId: result.runId, workflow, event: { type: 'advance' } });
  return result;
}

/** What begins anew has not begun yet, so it may be anything in the other version. */
function refuseMisfits(from: Graph, to: Graph, { fold: { progress }, channels }: BranchPoint): void {
  if (haveSameShape(from, to)) return;
  const errors = misfits({ from, to, progress, written: writtenKeys(from, channels) });
  if (errors.length > 0)
    throw new AppError('version_misfit', `the run does not fit version ${to.ref.version}: ${errors[0]?.message}`, {
      errors,
    });
}

/** A failed run is retried by its fork; of one that ended otherwise nothing is left to do. */
function refuseFinal({ step, fold }: BranchPoint): void {
  const { status } = fold.progress.head;
  if (status !== 'succeeded' && status !== 'cancelled') return;
  throw new AppError('conflict', `the run had ${status} with step ${step}; fork it at an earlier step`);
}

/** An edit of what has finished, and cannot run again, would change nothing. */
function refuseEdits(graph: Graph, point: BranchPoint, edited: readonly string[]): void {
  const errors = edited
    .filter((name) => hasFinished(graph, point, name))
    .map((name) => ({
      code: 'node_finished',
      pointer: `/nodeOverrides/${name}`,
      message: alreadyFinished(name, point),
    }));
  if (errors.length > 0) throw new AppError('invalid_input', errors[0]?.message ?? '', { errors });
}

function hasFinished(graph: Graph, { fold: { progress } }: BranchPoint, name: string): boolean {
  const task = progress.tasks.get(`${name}#${iterationOf(graph, progress.head.jumps, name)}`);
  const mayRunAgain = progress.head.status === 'failed' && (task?.status === 'failed' || task?.status === 'cancelled');
  if (!task || LIVE_TASK.has(task.status) || mayRunAgain) return false;
  const node = graph.nodes.get(name);
  return !node?.out.some(({ to }) => graph.nodes.has(to) && closureOf(graph, to).has(name));
}

function alreadyFinished(name: string, { step }: BranchPoint): string {
  return `the node ${name} had finished by step ${step}, so editing it changes nothing; fork the run at an earlier step`;
}
