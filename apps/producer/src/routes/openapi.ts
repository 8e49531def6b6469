import type { FastifyInstance } from 'fastify';

import type { RouteList } from '../http/route-list.ts';

/** The API's description. Made at the first request, since most processes are never asked and its makers are heavy. */
export function openapiRoutes(app: FastifyInstance, routes: RouteList): void {
  let text: Promise<string> | null = null;
  app.get('/openapi.json', { config: { isOpen: true } }, async (_request, reply) => {
    text ??= describe(routes);
    text.catch(() => (text = null));
    return reply.type('application/json; charset=utf-8').send(await text);
  });
}

async function describe(routes: RouteList): Promise<string> {
  const { describeApi } = await import('../openapi/describe-api.ts');
  return JSON.stringify(await describeApi(routes));
}
