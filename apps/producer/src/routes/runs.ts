import {
  DrawQuery,
  ListRunsQuery,
  PageQuery,
  ReadRunQuery,
  Run,
  RunPage,
  StepPage,
  TaskPage,
  TaskStatus,
} from '@weft/contract';
import { drawRun, listRuns, listSteps, listTasks, viewRun } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { actionKeyOf } from '../http/idempotency.ts';
import { drawingAnswer, drawingOf } from '../http/drawing.ts';
import { asId, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { CancelRun, IdempotencyHeaders, NoBody } from '../schemas/requests.ts';

/** Looking at runs, and steering them. */
export function runRoutes(api: Api, options: AppOptions): void {
  listRoute(api, options);
  readRoute(api, options);
  taskListRoute(api, options);
  stepListRoute(api, options);
  graphRoute(api, options);
  cancelRoute(api, options);
  retryRoute(api, options);
}

const RunCursor = z.object({ id: z.uuid() });

function listRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs',
    schema: {
      summary: 'Runs, newest first',
      tags: ['runs'],
      querystring: ListRunsQuery,
      response: { 200: RunPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, status, workflow, tag, createdAfter } }) => {
      const before = decodeCursor(cursor, RunCursor);
      const page = await listRuns(queries, {
        tenant,
        limit,
        ...(status && { statuses: [status] }),
        ...(workflow !== undefined && { workflow }),
        ...(tag !== undefined && { tag }),
        ...(createdAfter !== undefined && { createdAfter: Date.parse(createdAfter) }),
        ...(before && { beforeId: before.id }),
      });
      return { ...page, nextCursor: page.nextCursor === null ? null : encodeCursor({ id: page.nextCursor }) };
    },
  });
}

function readRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id',
    schema: {
      summary: 'One run',
      tags: ['runs'],
      params: IdParams,
      querystring: ReadRunQuery,
      response: { 200: Run, ...problems },
    },
    handler: async ({ tenant, params, query: { include } }) => {
      const run = found(await viewRun(queries, tenant, asId('run', params.id)), SUCH_RUN);
      return include === 'bytes' ? { ...run, bytes: await queries.retention.bytesOf(run.id) } : run;
    },
  });
}

const TaskCursor = z.object({ readsAt: z.int().min(0), key: z.string() });

function taskListRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/tasks',
    schema: {
      summary: 'The tasks of a run, in the order in which they became ready',
      tags: ['runs'],
      params: IdParams,
      querystring: PageQuery.extend({ status: TaskStatus.exclude(['pending']).optional() }),
      response: { 200: TaskPage, ...problems },
    },
    handler: async ({ tenant, params, query: { limit, cursor, status } }) => {
      const after = decodeCursor(cursor, TaskCursor);
      const run = { tenant, id: asId('run', params.id) };
      const { items, next } = found(
        await listTasks(queries, run, { limit, after, ...(status && { statuses: [status] }) }),
        SUCH_RUN,
      );
      return { items, nextCursor: next && encodeCursor(next) };
    },
  });
}

const StepCursor = z.object({ step: z.int().min(0).max(2_147_483_647) });

function stepListRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/steps',
    schema: {
      summary: 'The journal of a run, from its first step',
      tags: ['runs'],
      params: IdParams,
      querystring: PageQuery,
      response: { 200: StepPage, ...problems },
    },
    handler: async ({ tenant, params, query: { limit, cursor } }) => {
      const afterStep = decodeCursor(cursor, StepCursor)?.step ?? 0;
      const run = { tenant, id: asId('run', params.id) };
      const { items, next } = found(await listSteps(queries, run, { limit, afterStep }), SUCH_RUN);
      return { items, nextCursor: next === null ? null : encodeCursor({ step: next }) };
    },
  });
}

function graphRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/graph',
    schema: {
      summary: 'The graph of a run, with the status of each node',
      description:
        'Of several tasks of a node the most telling status: what goes on, then what failed, then what ended.',
      tags: ['runs'],
      params: IdParams,
      querystring: DrawQuery,
      response: { 200: drawingAnswer, ...problems },
    },
    handler: async ({ tenant, params, query }, reply) => {
      const run = { tenant, id: asId('run', params.id) };
      const { type, body } = drawingOf(found(await drawRun(queries, run), SUCH_RUN), query.format);
      return (type === null ? reply : reply.type(type)).send(body);
    },
  });
}

function cancelRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/cancel',
    schema: {
      summary: 'Cancel a run',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: CancelRun,
      response: { 200: Run, ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'cancel', runId });
      const reason = request.body?.reason ?? 'cancelled by request';
      await engine.cancelRun({ tenant, runId, reason, idempotency });
      return found(await viewRun(queries, tenant, runId), SUCH_RUN);
    },
  });
}

function retryRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/retry',
    schema: {
      summary: 'Try what failed in a failed run again',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: NoBody,
      response: { 200: Run, ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'retry', runId });
      await engine.retryRun({ tenant, runId, idempotency });
      return found(await viewRun(queries, tenant, runId), SUCH_RUN);
    },
  });
}
