import { AppError, Run, StartRun, StartRunQuery } from '@weft/contract';
import { awaitRunEnd, viewFreshRun, viewRun } from '@weft/engine/runtime';
import type { StartRequest, StartResult } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { closeSignal } from '../http/close-signal.ts';
import { idempotencyOf } from '../http/idempotency.ts';
import { deletedRun } from '../http/ids.ts';
import type { InlineWorkflows } from '../inline-workflows.ts';
import type { Backpressure } from '../pressure/backpressure.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';
import { refuseUnsealed, startRequestOf } from '../start-request.ts';
import { workflowOf } from '../workflow-refs.ts';

/** What starting runs takes beside the options. */
export type StartParts = { inline: InlineWorkflows; backpressure: Backpressure };

/** Starting runs: by name, by version, or with a document, which is saved first. */
export function startRunRoutes(api: Api, options: AppOptions, parts: StartParts): void {
  const { inline } = parts;
  const { queries, bus, clock } = options;
  api.route({
    method: 'POST',
    url: '/v1/runs',
    config: { bringsWork: true },
    schema: {
      summary: 'Start a run',
      description: 'Durable once it is answered. With `wait`: the finished run, if it ends in time.',
      tags: ['runs'],
      querystring: StartRunQuery,
      headers: IdempotencyHeaders,
      body: StartRun,
      response: { 200: Run, 201: Run, ...problems },
    },
    handler: async (request, reply) => {
      const { body, query, tenant, caller } = request;
      refuseUnsealed(options.callbacks, body);
      const idempotency = idempotencyOf(request);
      const workflow = await workflowOf({ options, inline, tenant }, body.workflow);
      const started = await startOne(options, parts, startRequestOf(body, { workflow, idempotency, key: caller.key }));
      const { runId: id, created } = started;
      if (query.wait !== undefined) {
        const refused = new AbortController();
        const unwatch = caller.onRefused(() => refused.abort());
        const signal = AbortSignal.any([closeSignal(reply.raw), refused.signal]);
        const wait = { timeoutMs: query.wait, signal };
        await awaitRunEnd({ reader: queries.reader, bus, clock }, { tenant, id }, wait).finally(unwatch);
        if (refused.signal.aborted) throw new AppError('unauthorized', 'the key is not valid any more');
      }
      const fresh = query.wait === undefined && started.created ? started.fresh : null;
      const run = fresh
        ? await viewFreshRun(queries, fresh)
        : ((await viewRun(queries, tenant, id)) ?? refuse(deletedRun(id)));
      return reply
        .code(created ? 201 : 200)
        .header('location', `/v1/runs/${id}`)
        .send(run);
    },
  });
}

function refuse(error: AppError): never {
  throw error;
}

/** Starts one run. Throws the AppError that the engine answers for it, or `lane_full`. */
export async function startOne(
  { engine }: AppOptions,
  { backpressure }: Pick<StartParts, 'backpressure'>,
  request: StartRequest,
): Promise<StartResult> {
  await backpressure.refuseFull(request);
  const [result] = await engine.startRuns([request]);
  if (result === undefined) throw new Error('the engine has answered nothing');
  if (result instanceof AppError) throw result;
  return result;
}
