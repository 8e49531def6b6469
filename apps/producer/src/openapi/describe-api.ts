import swagger from '@fastify/swagger';
import { fastify } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

import type { RouteList } from '../http/route-list.ts';
import { mergeComponents } from './merge-components.ts';
import type { ApiDocument } from './merge-components.ts';

/** The version of the API, not of the release: within it, things are only added. */
const API_VERSION = '1';

const DESCRIPTION =
  'A durable workflow mesh for AI-agent and data work. A call is about the tenant of its API key. The operator, known by the token of the server, acts in the tenant `default`, or in the one that the header `Weft-Tenant` names.';

/**
 * The OpenAPI 3.1 document of the routes that have a schema. The routes are declared once more on an application of its
 * own, so that the serving one carries nothing of this.
 */
export async function describeApi(routes: RouteList): Promise<ApiDocument> {
  const app = fastify({ logger: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => '');
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Weft', version: API_VERSION, description: DESCRIPTION },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  for (const { methods, url, schema } of routes) {
    if (schema) app.route({ method: methods, url, schema, exposeHeadRoute: false, handler: () => '' });
  }
  await app.ready();
  const document = app.swagger() as unknown as ApiDocument;
  await app.close();
  return mergeComponents(document);
}
