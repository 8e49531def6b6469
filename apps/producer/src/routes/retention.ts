import {
  DeletedRun,
  PrunedRuns,
  PruneRuns,
  RetentionPolicies,
  RetentionPolicy,
  RetentionQuery,
  SetRetention,
  Storage,
} from '@weft/contract';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

/** How long a call deletes before it answers; who wants the rest asks again. */
const BUDGET_MS = 15_000;

/** How long ended runs are kept, and deleting them. */
export function retentionRoutes(api: Api, options: AppOptions): void {
  policyRoutes(api, options);
  removeRoute(api, options);
  pruneRoute(api, options);
  deleteRoute(api, options);
  storageRoute(api, options);
}

function policyRoutes(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/retention',
    schema: {
      summary: 'How long ended runs are kept',
      description:
        'The policy for all workflows first, then those of single ones. Without any nothing is ever deleted.',
      tags: ['retention'],
      response: { 200: RetentionPolicies, ...problems },
    },
    handler: async ({ tenant }) => ({
      items: await queries.retention.policies(tenant),
      fallback: queries.retention.fallback,
    }),
  });
  api.route({
    method: 'PUT',
    url: '/v1/retention',
    config: { needs: 'admin' },
    schema: {
      summary: 'Decide how long ended runs are kept',
      description: 'Of one workflow, or of all that have no policy of their own; it takes the place of the one before.',
      tags: ['retention'],
      body: SetRetention,
      response: { 200: RetentionPolicy, ...problems },
    },
    handler: async ({ tenant, body }) => {
      const { workflow = null, maxAgeMs = null, maxCount = null, failedMaxAgeMs = null, archive = false } = body;
      const policy = { workflow, maxAgeMs, maxCount, failedMaxAgeMs, archive };
      await engine.setRetention(tenant, policy);
      return policy;
    },
  });
}

function removeRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'DELETE',
    url: '/v1/retention',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove a policy',
      tags: ['retention'],
      querystring: RetentionQuery,
      response: { 200: RetentionPolicies, ...problems },
    },
    handler: async ({ tenant, query: { workflow = null } }) => {
      await engine.removeRetention({ tenant, workflow });
      return { items: await queries.retention.policies(tenant), fallback: queries.retention.fallback };
    },
  });
}

function pruneRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/prune',
    config: { needs: 'admin' },
    schema: {
      summary: 'Delete ended runs',
      description:
        'Runs that have not ended are never touched. A call that has deleted for 15 s answers `isDone: false`.',
      tags: ['retention'],
      body: PruneRuns,
      response: { 200: PrunedRuns, ...problems },
    },
    handler: async ({ tenant, body }) => {
      const { workflow = null, statuses = null, olderThanMs = null, keep = null } = body;
      const { archive = false, dryRun = false } = body;
      const narrowed = { tenant, workflow, statuses, olderThanMs, keep, archive, dryRun };
      return engine.pruneRuns({ ...narrowed, budgetMs: BUDGET_MS });
    },
  });
}

function deleteRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'DELETE',
    url: '/v1/runs/:id',
    config: { needs: 'admin' },
    schema: {
      summary: 'Delete a run that has ended',
      description: 'With its children. It is gone: it is not archived.',
      tags: ['runs'],
      params: IdParams,
      response: { 200: DeletedRun, ...problems },
    },
    handler: async ({ tenant, params }) => engine.deleteRun(tenant, asId('run', params.id)),
  });
}

function storageRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/storage',
    config: { needs: 'operator' },
    schema: {
      summary: 'What the tables take on disk',
      tags: ['retention'],
      response: { 200: Storage, ...problems },
    },
    handler: async () => {
      const tables = await queries.retention.storage();
      return { bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0), tables };
    },
  });
}
