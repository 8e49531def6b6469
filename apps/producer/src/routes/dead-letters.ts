import { DeadLetter, DeadLetterPage, LetterQuery, LetterResults, ManyLetters, RetryLetter } from '@weft/contract';
import type { Json, LetterFilter } from '@weft/contract';
import { listDeadLetters, viewDeadLetter } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { actionKeyOf, idempotencyOf } from '../http/idempotency.ts';
import { asId, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { NoBody, UserHeaders } from '../schemas/requests.ts';

const LetterCursor = z.object({
  at: z
    .string()
    .max(64)
    .regex(/^[\d: .+-]+$/),
  id: z.uuid(),
});

const SUCH_LETTER = 'dead letter of this id: no such task has ever failed for good';

/** Failed tasks whose attempts are used up. */
export function deadLetterRoutes(api: Api, options: AppOptions): void {
  listRoute(api, options);
  readRoute(api, options);
  actRoutes(api, options);
  manyRoutes(api, options);
}

function listRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/dead-letters',
    schema: {
      summary: 'Open dead letters, those that failed last first',
      description:
        'Failed tasks whose attempts are used up. A send that has failed for its items, and a subgraph that has failed for a task of its child, are not listed beside those.',
      tags: ['dead letters'],
      querystring: LetterQuery,
      response: { 200: DeadLetterPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, ...filter } }) => {
      const after = decodeCursor(cursor, LetterCursor);
      const { items, next } = await listDeadLetters(queries, { tenant, ...toListing(filter), limit, after });
      return { items, nextCursor: next && encodeCursor(next) };
    },
  });
}

function readRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/dead-letters/:id',
    schema: {
      summary: 'One dead letter, with the input of its next attempt',
      description: 'By the id of its task; also after it was retried or discarded.',
      tags: ['dead letters'],
      params: IdParams,
      response: { 200: DeadLetter, ...problems },
    },
    handler: async ({ tenant, params }) =>
      found(await viewDeadLetter(queries, tenant, asId('task', params.id)), SUCH_LETTER),
  });
}

function actRoutes(api: Api, options: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/dead-letters/:id/retry',
    schema: {
      summary: 'Do a dead letter again',
      description:
        'A run that has ended is reopened. Where the run has gone on without the task, its result is taken in, and nothing that followed is done again. `with` is the input of all its attempts from now on.',
      tags: ['dead letters'],
      params: IdParams,
      headers: UserHeaders,
      body: RetryLetter,
      response: { 200: DeadLetter, ...problems },
    },
    handler: (request) => act(options, request, { action: 'retry', with: request.body?.with }),
  });
  api.route({
    method: 'POST',
    url: '/v1/dead-letters/:id/discard',
    schema: {
      summary: 'Put a dead letter away',
      description: 'It is no longer listed; the journal keeps it, and it can still be retried.',
      tags: ['dead letters'],
      params: IdParams,
      headers: UserHeaders,
      body: NoBody,
      response: { 200: DeadLetter, ...problems },
    },
    handler: (request) => act(options, request, { action: 'discard' }),
  });
}

type ActRequest = Parameters<typeof actionKeyOf>[0] & {
  tenant: string;
  params: z.infer<typeof IdParams>;
  headers: z.infer<typeof UserHeaders>;
};

async function act(
  { engine, queries }: AppOptions,
  request: ActRequest,
  wanted: { action: 'retry' | 'discard'; with?: Json | undefined },
): Promise<DeadLetter> {
  const { tenant } = request;
  const taskId = asId('task', request.params.id);
  const idempotency = actionKeyOf(request, { action: `${wanted.action} letter`, runId: taskId });
  const by = request.headers['x-weft-user'] ?? null;
  await engine.actOnLetter({ tenant, taskId, ...wanted, by, idempotency });
  return found(await viewDeadLetter(queries, tenant, taskId), SUCH_LETTER);
}

const SUMMARIES = { retry: 'Do many dead letters again', discard: 'Put many dead letters away' } as const;

function manyRoutes(api: Api, { engine }: AppOptions): void {
  for (const action of ['retry', 'discard'] as const)
    api.route({
      method: 'POST',
      url: `/v1/dead-letters/${action}`,
      schema: {
        summary: SUMMARIES[action],
        description:
          'Those that the filter finds, at most `limit` of them. Each is told of; one that is refused keeps nothing from the others.',
        tags: ['dead letters'],
        headers: UserHeaders,
        body: ManyLetters,
        response: { 200: LetterResults, ...problems },
      },
      handler: async (request) => {
        const { filter = {}, limit = 100, dryRun = false } = request.body ?? {};
        const by = request.headers['x-weft-user'] ?? null;
        const idempotency = idempotencyOf(request);
        const many = { filter: toListing(filter), limit, dryRun };
        return engine.actOnLetters({ tenant: request.tenant, action, ...many, by, idempotency });
      },
    });
}

function toListing({ since, until, ...filter }: LetterFilter) {
  return { ...filter, ...instants('since', since), ...instants('until', until) };
}

function instants<Name extends string>(name: Name, text: string | undefined): { [N in Name]?: number } {
  return (text === undefined ? {} : { [name]: Date.parse(text) }) as { [N in Name]?: number };
}
