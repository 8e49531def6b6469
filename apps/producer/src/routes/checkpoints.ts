import {
  Checkpoint,
  CheckpointDiff,
  CheckpointPage,
  CheckpointQuery,
  DiffQuery,
  PageQuery,
  RunStatus,
} from '@weft/contract';
import { diffCheckpoints, listCheckpoints, viewCheckpoint } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { asId, asStep, found, IdParams, StepParams, SUCH_RUN } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

/** A run as it was after each of its steps. */
export function checkpointRoutes(api: Api, options: AppOptions): void {
  listRoute(api, options);
  readRoute(api, options);
  diffRoute(api, options);
}

const ListCursor = z.object({ step: z.int().min(0).max(2_147_483_647), status: RunStatus });

function listRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/checkpoints',
    schema: {
      summary: 'The checkpoints of a run, from its first step',
      description: 'Every step is one; a checkpoint is called runId@step.',
      tags: ['runs'],
      params: IdParams,
      querystring: PageQuery,
      response: { 200: CheckpointPage, ...problems },
    },
    handler: async ({ tenant, params, query: { limit, cursor } }) => {
      const after = decodeCursor(cursor, ListCursor);
      const run = { tenant, id: asId('run', params.id) };
      const { items, next } = found(await listCheckpoints(queries, run, { limit, after }), SUCH_RUN);
      return { items, nextCursor: next && encodeCursor(next) };
    },
  });
}

const TaskCursor = z.object({ skip: z.int().min(0) });

function readRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/checkpoints/:step',
    schema: {
      summary: 'A run after one of its steps',
      description: 'Its state, its tasks (a page at a time) and what comes next.',
      tags: ['runs'],
      params: StepParams,
      querystring: CheckpointQuery,
      response: { 200: Checkpoint, ...problems },
    },
    handler: async ({ tenant, params, query: { limit, cursor } }) => {
      const skip = decodeCursor(cursor, TaskCursor)?.skip ?? 0;
      const at = { tenant, runId: asId('run', params.id), step: asStep(params.step) };
      const { nextSkip, ...checkpoint } = await viewCheckpoint(queries, at, { limit, skip });
      return { ...checkpoint, nextCursor: nextSkip === null ? null : encodeCursor({ skip: nextSkip }) };
    },
  });
}

function diffRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/diff',
    schema: {
      summary: 'What differs between two checkpoints',
      description:
        'Of one run, or of two with `other`. `patch` is a JSON Patch (RFC 6902) of the state. A state of more than 16 MiB is refused.',
      tags: ['runs'],
      params: IdParams,
      querystring: DiffQuery,
      response: { 200: CheckpointDiff, ...problems },
    },
    handler: async ({ tenant, params, query: { from, to, other } }) => {
      const runId = asId('run', params.id);
      const otherId = other === undefined ? runId : asId('run', other);
      return diffCheckpoints(queries, {
        tenant,
        from: { runId, step: from },
        to: { runId: otherId, step: to },
      });
    },
  });
}
