import type { FastifyInstance, FastifySchema } from 'fastify';

/** A route as it was registered. */
export type RouteEntry = { methods: string[]; url: string; schema: FastifySchema | undefined };
export type RouteList = RouteEntry[];

/** Notes every route that is registered from now on, for the API's description and for 405 answers. */
export function collectRoutes(app: FastifyInstance): RouteList {
  const routes: RouteList = [];
  app.addHook('onRoute', ({ method, url, schema }) => {
    const methods = [method].flat().filter((name) => name !== 'HEAD');
    if (methods.length > 0) routes.push({ methods, url, schema });
  });
  return routes;
}

/** Which methods there are for a path. */
export function allowedMethods(routes: RouteList, path: string): string[] {
  const segments = path.split('/');
  return [...new Set(routes.filter(({ url }) => matches(url.split('/'), segments)).flatMap(({ methods }) => methods))];
}

function matches(pattern: string[], path: string[]): boolean {
  if (pattern.length !== path.length) return false;
  return pattern.every((segment, i) => (segment.startsWith(':') ? path[i] !== '' : segment === path[i]));
}
