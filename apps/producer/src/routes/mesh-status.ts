import { CircuitList, Emergency, MeshMetrics, SetEmergency } from '@weft/contract';
import { viewCircuits, viewEmergency, viewMeshMetrics } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { requireRole } from '../http/caller.ts';
import { problems } from '../schemas/answers.ts';

const TAGS = ['mesh'];

/** How the endpoints of a tenant are, and whether its money is to be saved. */
export function meshStatusRoutes(api: Api, options: AppOptions): void {
  readRoutes(api, options);
  emergencyRoutes(api, options);
}

function readRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/mesh/circuits',
    schema: {
      summary: 'The circuits of all endpoints',
      description: '`POST /v1/endpoints/{name}/circuit` closes or opens one by hand.',
      tags: TAGS,
      response: { 200: CircuitList, ...problems },
    },
    handler: async ({ tenant }) => ({ items: await viewCircuits(queries, tenant) }),
  });
  api.route({
    method: 'GET',
    url: '/v1/mesh/metrics',
    schema: {
      summary: 'How the endpoints of the tenant are, and how its work goes',
      tags: TAGS,
      response: { 200: MeshMetrics, ...problems },
    },
    handler: async ({ tenant }) => viewMeshMetrics(queries, tenant),
  });
}

function emergencyRoutes(api: Api, { engine, queries }: AppOptions): void {
  const schema = { tags: TAGS, response: { 200: Emergency, ...problems } };
  api.route({
    method: 'GET',
    url: '/v1/mesh/emergency',
    schema: { ...schema, summary: 'Whether everything goes to the cheapest endpoint' },
    handler: async ({ tenant }) => viewEmergency(queries, tenant),
  });
  api.route({
    method: 'PUT',
    url: '/v1/mesh/emergency',
    config: { needs: 'admin' },
    schema: {
      ...schema,
      summary: 'Send everything to the cheapest endpoint, or not any more',
      description: 'All workers hear of it within a few seconds. What is under way goes on.',
      body: SetEmergency,
    },
    handler: async ({ caller, tenant, body: { active, reason = null, everywhere = false } }) => {
      if (everywhere) requireRole(caller, 'operator');
      await engine.setEmergency(everywhere ? null : tenant, active ? { reason } : null);
      return viewEmergency(queries, tenant);
    },
  });
}
