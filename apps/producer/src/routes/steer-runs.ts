import { InjectedState, InjectState, ResumeRun, Run, SentSignal, SignalName, SignalPayload } from '@weft/contract';
import type { Json } from '@weft/contract';
import { viewRun } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { actionKeyOf } from '../http/idempotency.ts';
import { asId, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders, UserHeaders } from '../schemas/requests.ts';

/** What is sent to a run while it goes on. */
export function steerRoutes(api: Api, options: AppOptions): void {
  resumeRoute(api, options);
  injectRoute(api, options);
  signalRoute(api, options);
}

function resumeRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/resume',
    schema: {
      summary: 'Answer open questions of a run',
      description:
        'Those of its children as well. Without `answers` all breakpoints are passed. An answer that comes second is a conflict.',
      tags: ['runs'],
      params: IdParams,
      headers: UserHeaders,
      body: ResumeRun,
      response: { 200: Run, ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'resume', runId });
      const { answers = null, stateUpdates = null } = request.body ?? {};
      const by = request.headers['x-weft-user'] ?? null;
      await engine.resumeRun({ tenant, runId, answers, stateUpdates, by, idempotency });
      return found(await viewRun(queries, tenant, runId), SUCH_RUN);
    },
  });
}

function injectRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/state',
    schema: {
      summary: 'Update the state of a run',
      description: 'At once, or right after `afterNode` settles, if it has not yet; durable once it is answered.',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: InjectState,
      response: { 200: InjectedState, ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'state', runId });
      const { updates, afterNode = null } = request.body;
      return engine.injectState({ tenant, runId, updates, afterNode, idempotency });
    },
  });
}

const SignalParams = IdParams.extend({ name: SignalName });

function signalRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/signals/:name',
    schema: {
      summary: 'Give a signal to a run',
      description: 'The body is its payload. A signal that nothing waits for yet is kept for the next node that does.',
      tags: ['runs'],
      params: SignalParams,
      headers: IdempotencyHeaders,
      body: SignalPayload,
      response: { 202: SentSignal, ...problems },
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: `signal ${name}`, runId });
      const payload = (request.body ?? null) as Json;
      await engine.signalRun({ tenant, runId, name, payload, idempotency });
      return reply.code(202).send({ runId, signal: name });
    },
  });
}
