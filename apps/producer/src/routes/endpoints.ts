import {
  Endpoint,
  EndpointPage,
  ListEndpointsQuery,
  NewEndpoint,
  ReplaceEndpoint,
  SetCircuit,
  UpdateEndpoint,
} from '@weft/contract';
import { listEndpoints, viewEndpoint } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { problems } from '../schemas/answers.ts';
import { NoBody } from '../schemas/requests.ts';

/** Any text is taken here: what cannot be a name names nothing. */
const EndpointParams = z.object({ name: z.string() });
const EndpointCursor = z.object({ name: z.string() });
const TAGS = ['endpoints'];

/** What is outside and does work: everybody of a tenant sees its endpoints, its admins change them. */
export function endpointRoutes(api: Api, options: AppOptions): void {
  readRoutes(api, options);
  createRoute(api, options);
  changeRoutes(api, options);
  drainRoutes(api, options);
  circuitRoute(api, options);
}

function readRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/endpoints',
    schema: {
      summary: 'Endpoints, by name',
      description: 'With how they are; never with their tokens.',
      tags: TAGS,
      querystring: ListEndpointsQuery,
      response: { 200: EndpointPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, tag = null, protocol = null } }) => {
      const after = decodeCursor(cursor, EndpointCursor)?.name ?? null;
      const { items, hasMore } = await listEndpoints(queries, tenant, { limit, after, tag, protocol });
      const last = hasMore ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ name: last.name }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/endpoints/:name',
    schema: {
      summary: 'One endpoint',
      tags: TAGS,
      params: EndpointParams,
      response: { 200: Endpoint, ...problems },
    },
    handler: async ({ tenant, params: { name } }) => viewEndpoint(queries, tenant, name),
  });
}

function createRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/endpoints',
    config: { needs: 'admin' },
    schema: {
      summary: 'Register an endpoint',
      description: 'All processes know it within a few seconds. Its token is stored encrypted and never shown.',
      tags: TAGS,
      body: NewEndpoint,
      response: { 201: Endpoint, ...problems },
    },
    handler: async ({ tenant, body }, reply) => {
      await engine.createEndpoint(tenant, body);
      return reply.code(201).send(await viewEndpoint(queries, tenant, body.name));
    },
  });
}

function changeRoutes(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'PUT',
    url: '/v1/endpoints/:name',
    config: { needs: 'admin' },
    schema: {
      summary: 'Put another endpoint in the place of one',
      description: 'What is left out is not set any more, its token as well. Whether it drains stays as it is.',
      tags: TAGS,
      params: EndpointParams,
      body: ReplaceEndpoint,
      response: { 200: Endpoint, ...problems },
    },
    handler: async ({ tenant, params: { name }, body }) => {
      await engine.replaceEndpoint(tenant, name, body);
      return viewEndpoint(queries, tenant, name);
    },
  });
  api.route({
    method: 'PATCH',
    url: '/v1/endpoints/:name',
    config: { needs: 'admin' },
    schema: {
      summary: 'Change an endpoint',
      description:
        'What is given takes the place of what was; null removes it, and what is left out stays as it is. A URL that leads to another server needs the token once more.',
      tags: TAGS,
      params: EndpointParams,
      body: UpdateEndpoint,
      response: { 200: Endpoint, ...problems },
    },
    handler: async ({ tenant, params: { name }, body }) => {
      await engine.updateEndpoint(tenant, name, body);
      return viewEndpoint(queries, tenant, name);
    },
  });
  api.route({
    method: 'DELETE',
    url: '/v1/endpoints/:name',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove an endpoint',
      description: 'What is under way there goes on; nothing new is sent. The answer shows it once more.',
      tags: TAGS,
      params: EndpointParams,
      response: { 200: Endpoint, ...problems },
    },
    handler: async ({ tenant, params: { name } }) => {
      const last = await viewEndpoint(queries, tenant, name);
      await engine.removeEndpoint(tenant, name);
      return last;
    },
  });
}

function drainRoutes(api: Api, { engine, queries }: AppOptions): void {
  for (const verb of ['drain', 'undrain'] as const) {
    api.route({
      method: 'POST',
      url: `/v1/endpoints/:name/${verb}`,
      config: { needs: 'admin' },
      schema: {
        summary: verb === 'drain' ? 'Send nothing new to an endpoint' : 'Send work to an endpoint again',
        description:
          verb === 'drain'
            ? 'What is under way goes on; `running` says how much that is.'
            : 'One that does not drain stays as it is.',
        tags: TAGS,
        params: EndpointParams,
        body: NoBody,
        response: { 200: Endpoint, ...problems },
      },
      handler: async ({ tenant, params: { name } }) => {
        await engine.drainEndpoint(tenant, name, verb === 'drain');
        return viewEndpoint(queries, tenant, name);
      },
    });
  }
}

function circuitRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/endpoints/:name/circuit',
    config: { needs: 'admin' },
    schema: {
      summary: "Close or open an endpoint's circuit by hand",
      description: 'Closed, it is taken as one that has never failed; open, it gets no work until it is closed.',
      tags: TAGS,
      params: EndpointParams,
      body: SetCircuit,
      response: { 200: Endpoint, ...problems },
    },
    handler: async ({ tenant, params: { name }, body: { circuit } }) => {
      await engine.setEndpointCircuit(tenant, name, circuit);
      return viewEndpoint(queries, tenant, name);
    },
  });
}
