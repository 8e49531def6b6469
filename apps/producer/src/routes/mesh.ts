import { AppError, MESH_WORKFLOW, MeshEventBody, MeshEventsQuery, MeshExecute, MeshExecuteQuery } from '@weft/contract';
import type { MeshExecute as MeshRequest } from '@weft/contract';
import { parsePlace } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';
import type { RunStreams } from '@weft/engine/runtime';
import type { ParsedDocument } from '@weft/formats';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { idempotencyOf } from '../http/idempotency.ts';
import { asId, deletedRun, found, IdParams } from '../http/ids.ts';
import { invalidValue } from '../http/request-problems.ts';
import { totalOf } from '../mesh/amounts.ts';
import { narrate } from '../mesh/narrate.ts';
import type { Backpressure } from '../pressure/backpressure.ts';
import { invalidDocument } from '../read-document.ts';
import { problems } from '../schemas/answers.ts';
import { EventsHeaders, IdempotencyHeaders } from '../schemas/requests.ts';
import type { StreamHub } from '../stream/stream-hub.ts';
import { submittedWorkflow } from '../submitted-workflow.ts';
import { startOne } from './start-run.ts';

export type MeshParts = { streams: RunStreams; hub: StreamHub; backpressure: Backpressure };

const EVENTS = {
  description: 'A stream of events',
  content: { 'text/event-stream': { schema: MeshEventBody } },
};
/** In which answers say which run carries out the steps. */
const RUN_HEADER = 'weft-run-id';

/** Steps with dependencies, carried out by a run and told as they go. */
export function meshRoutes(api: Api, options: AppOptions, parts: MeshParts): void {
  executeRoute(api, options, parts);
  eventsRoute(api, options, parts);
}

function executeRoute(api: Api, options: AppOptions, { streams, hub, backpressure }: MeshParts): void {
  api.route({
    method: 'POST',
    url: '/v1/mesh/execute',
    config: { bringsWork: true },
    schema: {
      summary: 'Carry out steps with dependencies, and tell how they go',
      description:
        'Starts a run in which each step is asked of an endpoint once all that it depends on have succeeded, and tells it as server-sent events: `step-started`, `step-completed`, `step-failed`, `budget-exceeded`, `workflow-completed`. It is durable once this answers: the header `weft-run-id` names the run, which goes on whether anybody listens or not. Who was cut off goes on at `GET /v1/mesh/executions/{id}/events`. Steps that are estimated to cost more than the budget are refused (402).',
      tags: ['mesh'],
      headers: IdempotencyHeaders,
      querystring: MeshExecuteQuery,
      body: MeshExecute,
      response: { 200: EVENTS, ...problems },
    },
    handler: async (request, reply) => {
      const { body, tenant, caller, query, parsedBody, id: requestId } = request;
      if (!parsedBody?.ok) throw new AppError('unparsable', 'steps are required');
      const idempotency = idempotencyOf(request);
      const workflow = await savedSteps(options, { tenant, parsed: parsedBody, body });
      hub.refuseTooMany();
      const start = { workflow, input: {}, config: {}, priority: null, tags: [], key: caller.key, idempotency };
      const { runId } = await startOne(options, { backpressure }, start);
      if (!(await options.queries.reader.run(tenant, runId))) throw deletedRun(runId);
      const headers = { [RUN_HEADER]: runId, location: `/v1/mesh/executions/${runId}/events` };
      const told = { tenant, runId, wants: query.events ?? 'main', after: { step: 0, n: 0 } } as const;
      reply.hijack();
      await hub.send(reply.raw, { requestId, caller, headers }, (signal) =>
        narrate({ queries: options.queries, streams }, { ...told, signal }),
      );
    },
  });
}

function eventsRoute(api: Api, { queries }: AppOptions, { streams, hub }: MeshParts): void {
  api.route({
    method: 'GET',
    url: '/v1/mesh/executions/:id/events',
    schema: {
      summary: 'Follow a mesh execution',
      description:
        'The events of an execution after `Last-Event-ID` (or `after`), or all of them. `id` is the number of a step of the run, or `<step>.<n>`. A `step-started` whose step had begun before may come again.',
      tags: ['mesh'],
      params: IdParams,
      querystring: MeshEventsQuery,
      headers: EventsHeaders,
      response: { 200: EVENTS, ...problems },
    },
    handler: async ({ tenant, caller, params, query, headers, id: requestId }, reply) => {
      const runId = asId('run', params.id);
      const after = parsePlace(query.after ?? headers['last-event-id'] ?? '0');
      const { head } = found(await queries.reader.run(tenant, runId), 'such execution');
      if (head.workflow.name !== MESH_WORKFLOW) throw new AppError('not_found', `run ${runId} is no mesh execution`);
      const pointer = query.after === undefined ? '/headers/last-event-id' : '/query/after';
      if (after.step > head.step) throw invalidValue(pointer, `the run is at step ${head.step}`);
      hub.refuseTooMany();
      const told = { tenant, runId, wants: query.events ?? 'main', after } as const;
      reply.hijack();
      await hub.send(reply.raw, { requestId, caller, headers: { [RUN_HEADER]: runId } }, (signal) =>
        narrate({ queries, streams }, { ...told, signal }),
      );
    },
  });
}

type Sent = { tenant: string; parsed: ParsedDocument & { ok: true }; body: MeshRequest };

/** The steps as a version that nobody gets by the name alone. Throws AppError with everything that is wrong with them. */
async function savedSteps(options: AppOptions, { tenant, parsed, body }: Sent): Promise<WorkflowRef> {
  const { document, errors } = submittedWorkflow(options, parsed, 'mesh-execute');
  if (!document) throw invalidDocument(errors);
  refuseOverEstimate(body);
  return (await options.engine.saveWorkflow({ tenant, document, isVariant: true })).ref;
}

function refuseOverEstimate({ steps, budget }: MeshRequest): void {
  const estimate = totalOf(steps.map(({ estimatedCost = 0 }) => estimatedCost));
  if (budget?.usd === undefined || estimate <= budget.usd) return;
  const message = `the steps are estimated to cost ${estimate} USD, and the budget is ${budget.usd} USD`;
  const errors = [{ code: 'estimate_over_budget', pointer: '/budget/usd', message }];
  throw new AppError('estimate_over_budget', message, { errors });
}
