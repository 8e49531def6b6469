import { AppError, priorityOf, Reasons, StartedTask, StartTask, Task } from '@weft/contract';
import { firstKey, priorityLevel } from '@weft/engine/domain';
import { explainTask, viewTask } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { idempotencyOf } from '../http/idempotency.ts';
import { asId, deletedRun, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';
import { documentPointer, taskDocument, TASK_NODE } from '../task-document.ts';
import { startOne } from './start-run.ts';
import type { StartParts } from './start-run.ts';

/** Single tasks, and why they are where they are. */
export function taskRoutes(api: Api, options: AppOptions, parts: StartParts): void {
  startRoute(api, options, parts);
  readRoutes(api, options);
}

function startRoute(api: Api, options: AppOptions, parts: StartParts): void {
  const { inline } = parts;
  api.route({
    method: 'POST',
    url: '/v1/tasks',
    config: { bringsWork: true },
    schema: {
      summary: 'Start a single task',
      description: 'A run of one node. Without `uses` it is `handler:<agentType>` with `payload` as its input.',
      tags: ['tasks'],
      headers: IdempotencyHeaders,
      body: StartTask,
      response: { 202: StartedTask, ...problems },
    },
    handler: async (request, reply) => {
      const { body, tenant, caller } = request;
      const idempotency = idempotencyOf(request);
      const { document, input } = taskDocument(body);
      const workflow = await inline.refOf({ tenant, document }, documentPointer(body));
      const { runId, created } = await startOne(options, parts, {
        workflow,
        input,
        config: {},
        priority: body.priority === undefined ? null : priorityLevel(priorityOf(body.priority)),
        tags: body.tags ?? [],
        key: caller.key,
        idempotency,
      });
      const [task] = await options.queries.reader.tasksByKey(runId, [firstKey(TASK_NODE)]);
      const known = task && (await viewTask(options.queries, tenant, task.id));
      if (!known) throw created ? new AppError('internal', 'the run has no task') : deletedRun(runId);
      reply.header('location', `/v1/tasks/${known.id}`);
      return reply.code(202).send({ id: known.id, runId, status: known.status });
    },
  });
}

function readRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/tasks/:id',
    schema: { summary: 'One task', tags: ['tasks'], params: IdParams, response: { 200: Task, ...problems } },
    handler: async ({ tenant, params }) => found(await viewTask(queries, tenant, asId('task', params.id)), 'such task'),
  });
  api.route({
    method: 'GET',
    url: '/v1/tasks/:id/why',
    schema: {
      summary: 'Why a task is where it is',
      tags: ['tasks'],
      params: IdParams,
      response: { 200: Reasons, ...problems },
    },
    handler: async ({ tenant, params }) => ({
      reasons: found(await explainTask(queries, tenant, asId('task', params.id)), 'such task'),
    }),
  });
}
