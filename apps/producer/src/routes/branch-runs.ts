import { ForkRun, ReplayRun, RerunRun, Run } from '@weft/contract';
import { viewRun } from '@weft/engine/runtime';
import type { WorkflowRef } from '@weft/engine/domain';
import type { StartRequest, StartResult } from '@weft/engine/runtime';
import type { FastifyReply } from 'fastify';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { editedWorkflow } from '../edited-workflow.ts';
import { actionKeyOf } from '../http/idempotency.ts';
import { asId, deletedRun, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import type { Backpressure } from '../pressure/backpressure.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';

/** Going on from a checkpoint, in the same run or in another one; and beginning again. */
export function branchRoutes(api: Api, options: AppOptions, backpressure: Backpressure): void {
  replayRoute(api, options);
  forkRoute(api, options, backpressure);
  rerunRoute(api, options, backpressure);
}

function replayRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/replay',
    schema: {
      summary: 'Have a run go on from one of its steps',
      description:
        'What was unsettled then begins anew. Later steps stay in the journal as a branch that is superseded; their tasks are not listed any more. A run that has ended is reopened.',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: ReplayRun,
      response: { 200: Run, ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'replay', runId });
      const { step, stateOverrides = null, stateUpdates = null } = request.body;
      await engine.replayRun({ tenant, runId, step, stateOverrides, stateUpdates, idempotency });
      return found(await viewRun(queries, tenant, runId), SUCH_RUN);
    },
  });
}

function forkRoute(api: Api, options: AppOptions, backpressure: Backpressure): void {
  const { engine } = options;
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/fork',
    config: { bringsWork: true },
    schema: {
      summary: 'Start a run that goes on from a step of this one',
      description:
        'Finished tasks are not run again. With other state, another version or edited nodes, tasks that were ready read the state anew. A fork of the end of a failed run tries again what has failed.',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: ForkRun,
      response: { 200: Run, 201: Run, ...problems },
    },
    handler: async (request, reply) => {
      const { tenant, caller } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'fork', runId });
      const { step = null, stateOverrides = null, stateUpdates = null, tags = null, ...changes } = request.body ?? {};
      const again = await engine.startedBefore({ tenant, idempotency });
      if (again) return reply.code(200).send(await startedRun(options, { tenant, reply }, again));
      const workflow = await editedWorkflow(options, { tenant, runId }, changes);
      const edited = Object.keys(changes.nodeOverrides ?? {});
      const where = { tenant, runId, step, workflow, edited, tags, key: caller.key };
      await refuseFull(options, backpressure, { tenant, runId, workflow, idempotency });
      const started = await engine.forkRun({ ...where, stateOverrides, stateUpdates, idempotency });
      return reply.code(started.created ? 201 : 200).send(await startedRun(options, { tenant, reply }, started));
    },
  });
}

function rerunRoute(api: Api, options: AppOptions, backpressure: Backpressure): void {
  const { engine } = options;
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/rerun',
    config: { bringsWork: true },
    schema: {
      summary: 'Start a run again from its beginning',
      description: 'As another run, of the same version, with the same input and config, where nothing else is said.',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: RerunRun,
      response: { 200: Run, 201: Run, ...problems },
    },
    handler: async (request, reply) => {
      const { tenant, caller } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'rerun', runId });
      const { input = null, config = null, tags = null, version } = request.body ?? {};
      const again = await engine.startedBefore({ tenant, idempotency });
      if (again) return reply.code(200).send(await startedRun(options, { tenant, reply }, again));
      const workflow = await editedWorkflow(options, { tenant, runId }, { version });
      const where = { tenant, runId, workflow, tags, key: caller.key };
      await refuseFull(options, backpressure, { tenant, runId, workflow, idempotency });
      const started = await engine.rerunRun({ ...where, input, config, idempotency });
      return reply.code(started.created ? 201 : 200).send(await startedRun(options, { tenant, reply }, started));
    },
  });
}

type Branched = Pick<StartRequest, 'idempotency'> & { tenant: string; runId: string; workflow: WorkflowRef | null };

/** What goes on from a run waits on the same lanes, unless it is of another version. */
async function refuseFull({ queries }: AppOptions, backpressure: Backpressure, branched: Branched): Promise<void> {
  const { tenant, runId, idempotency } = branched;
  const workflow = branched.workflow ?? (await queries.reader.run(tenant, runId))?.head.workflow;
  if (workflow) await backpressure.refuseFull({ workflow, idempotency });
}

/** The run as it is shown, with where it is. */
async function startedRun(
  { queries }: AppOptions,
  { tenant, reply }: { tenant: string; reply: FastifyReply },
  { runId }: StartResult,
): Promise<Run> {
  const run = await viewRun(queries, tenant, runId);
  if (!run) throw deletedRun(runId);
  reply.header('location', `/v1/runs/${runId}`);
  return run;
}
