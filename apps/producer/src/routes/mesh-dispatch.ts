import { AppError, dispatchPriority, DispatchResult, MeshDispatch, waitMs } from '@weft/contract';
import { firstKey, priorityLevel } from '@weft/engine/domain';
import { awaitRunEnd, viewRun, viewTask } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { DISPATCH_NODE, dispatchDocument } from '../dispatch-document.ts';
import { dispatchResult } from '../dispatch-result.ts';
import { closeSignal } from '../http/close-signal.ts';
import { idempotencyOf } from '../http/idempotency.ts';
import { asId, deletedRun, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';
import { startOne } from './start-run.ts';
import type { StartParts } from './start-run.ts';

const TAGS = ['mesh'];

/** One task for the endpoint that is best for its type, and what has become of it. */
export function meshDispatchRoutes(api: Api, options: AppOptions, parts: StartParts): void {
  dispatchRoute(api, options, parts);
  readRoute(api, options);
}

function dispatchRoute(api: Api, options: AppOptions, parts: StartParts): void {
  const { queries, bus, clock } = options;
  api.route({
    method: 'POST',
    url: '/v1/mesh/dispatch',
    config: { bringsWork: true },
    schema: {
      summary: 'Dispatch one task to the endpoint that is best for its type',
      description:
        'A run of one node with a prompt, durable once it is answered. 200 once it has ended, which `wait` waits for; else 202.',
      tags: TAGS,
      headers: IdempotencyHeaders,
      body: MeshDispatch,
      response: { 200: DispatchResult, 202: DispatchResult, ...problems },
    },
    handler: async (request, reply) => {
      const { body, tenant, caller } = request;
      const idempotency = idempotencyOf(request);
      const { document, input } = dispatchDocument(body);
      const workflow = await parts.inline.refOf({ tenant, document }, () => '');
      const { runId, created } = await startOne(options, parts, {
        workflow,
        input,
        config: {},
        priority: body.priority === undefined ? null : priorityLevel(dispatchPriority(body.priority)),
        tags: [],
        ...(body.budget && { budget: body.budget }),
        key: caller.key,
        idempotency,
      });
      if (body.wait !== undefined) {
        const wait = { timeoutMs: waitMs(body.wait), signal: closeSignal(reply.raw) };
        await awaitRunEnd({ reader: queries.reader, bus, clock }, { tenant, id: runId }, wait);
      }
      const [task] = await queries.reader.tasksByKey(runId, [firstKey(DISPATCH_NODE)]);
      const result = task && (await resultOf(options, tenant, task.id));
      if (!result) throw created ? new AppError('internal', 'the run has no task') : deletedRun(runId);
      reply.header('location', `/v1/mesh/dispatch/${result.taskId}`);
      return reply.code(result.success === null ? 202 : 200).send(result);
    },
  });
}

function readRoute(api: Api, options: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/mesh/dispatch/:id',
    schema: {
      summary: 'What has become of a dispatched task',
      tags: TAGS,
      params: IdParams,
      response: { 200: DispatchResult, ...problems },
    },
    handler: async ({ tenant, params }) =>
      found(await resultOf(options, tenant, asId('task', params.id)), 'such dispatched task'),
  });
}

async function resultOf({ queries }: AppOptions, tenant: string, taskId: string): Promise<DispatchResult | null> {
  const task = await viewTask(queries, tenant, taskId);
  const run = task && (await viewRun(queries, tenant, task.runId));
  return task && run && dispatchResult(queries, tenant, { task, run });
}
