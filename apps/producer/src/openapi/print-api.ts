import { fastify } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import type { AppOptions } from '../app-options.ts';
import { collectRoutes } from '../http/route-list.ts';
import { registerRoutes } from '../routes/index.ts';
import { describeApi } from './describe-api.ts';
import type { ApiDocument } from './merge-components.ts';

/** The API's OpenAPI document without an engine behind it: the routes are declared and never called. */
export async function printApi(): Promise<ApiDocument> {
  const app = fastify();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => '');
  const routes = collectRoutes(app);
  registerRoutes(app.withTypeProvider<ZodTypeProvider>(), {} as AppOptions, { recheck: async () => undefined });
  // Routes of a scope of their own are declared as the application gets ready.
  await app.ready();
  return describeApi(routes);
}
