import { MigrateRun, MigrateWorkflow, Run, RunMigration, WorkflowMigration } from '@weft/contract';
import { viewRun } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { actionKeyOf } from '../http/idempotency.ts';
import { asId, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders, NameParams } from '../schemas/requests.ts';

/** Moving runs to another version of their workflow. */
export function migrationRoutes(api: Api, options: AppOptions): void {
  migrateRunRoute(api, options);
  migrateWorkflowRoute(api, options);
}

function migrateRunRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/runs/:id/migrate',
    schema: {
      summary: 'Move a run to another version of its workflow',
      description:
        'Gives the run, or with `dryRun` whether it fits. What does not fit is a 409 with every place; then nothing has changed.',
      tags: ['runs'],
      params: IdParams,
      headers: IdempotencyHeaders,
      body: MigrateRun,
      response: { 200: z.union([Run, RunMigration]), ...problems },
    },
    handler: async (request) => {
      const { tenant } = request;
      const runId = asId('run', request.params.id);
      const idempotency = actionKeyOf(request, { action: 'migrate', runId });
      const { version = null, dryRun = false, ifStep = null } = request.body ?? {};
      const moved = await engine.migrateRun({ tenant, runId, version, dryRun, ifStep, idempotency });
      return dryRun ? moved : found(await viewRun(queries, tenant, runId), 'such run');
    },
  });
}

const RunCursor = z.object({ id: z.uuid() });
const PAGE = 50;

function migrateWorkflowRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/workflows/:name/migrate',
    schema: {
      summary: 'Move the live runs of a workflow to one of its versions',
      description:
        'Those that follow it already are left out. Each run that fits moves on its own; of the others it says why they do not. With `dryRun` none moves.',
      tags: ['workflows'],
      params: NameParams,
      body: MigrateWorkflow,
      response: { 200: WorkflowMigration, ...problems },
    },
    handler: async ({ tenant, params: { name }, body }) => {
      const { version = null, dryRun, from = null, limit = PAGE } = body;
      const beforeId = decodeCursor(body.cursor, RunCursor)?.id ?? null;
      const page = { tenant, name, version, dryRun, from, limit, beforeId };
      const { lastId, ...answer } = await engine.migrateWorkflow(page);
      return { ...answer, nextCursor: lastId === null ? null : encodeCursor({ id: lastId }) };
    },
  });
}
