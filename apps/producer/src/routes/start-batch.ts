import { StartedRunBatch, StartRunBatch } from '@weft/contract';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { idempotencyKeyOf } from '../http/idempotency.ts';
import { withBodyLocations } from '../http/request-body.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';
import { startBatch } from '../start-batch.ts';
import type { StartParts } from './start-run.ts';

/** Starting up to 1,000 runs at once. */
export function startBatchRoute(api: Api, options: AppOptions, parts: StartParts): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/batch',
    config: { bringsWork: true },
    schema: {
      summary: 'Start many runs',
      description:
        'Each run stands or falls alone: its item is `{ id, status }`, or a problem with pointers below `/runs/N`. Equal documents are checked and saved once. With an `Idempotency-Key`, run N without a key of its own gets `KEY/N`, so that the same batch again starts nothing twice.',
      tags: ['runs'],
      headers: IdempotencyHeaders,
      body: StartRunBatch,
      response: { 201: StartedRunBatch, ...problems },
    },
    handler: async (request, reply) => {
      const items = await startBatch({ options, ...parts }, request.body.runs, {
        tenant: request.tenant,
        requestId: request.id,
        key: idempotencyKeyOf(request),
        apiKey: request.caller.key,
        locate: (error) => withBodyLocations(error, request),
      });
      return reply.code(201).send({ items });
    },
  });
}
