import { gzipSync } from 'node:zlib';

import { DASHBOARD_PATHS, readDashboard } from '@weft/dashboard';
import type { BuiltFile } from '@weft/dashboard';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { asPage, readStatic } from './pages.ts';

/** Names of such files change with their content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** Where the built dashboard comes from; null as long as there is none. */
export type DashboardSource = () => ReadonlyMap<string, BuiltFile> | null;

/** The dashboard: one page for all its views, and the files that it loads. */
export function dashboardRoutes(app: FastifyInstance, read: DashboardSource = readDashboard): void {
  let files: ReturnType<DashboardSource> = null;
  const file = (path: string) => (files ??= read())?.get(path);
  const zipped = new Map<BuiltFile, Buffer>();
  const send = (request: FastifyRequest, reply: FastifyReply, built: BuiltFile) => {
    asPage(reply)
      .header('cache-control', built.isImmutable ? FOR_EVER : 'no-cache')
      .header('vary', 'accept-encoding')
      .type(built.type);
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return reply.send(built.body);
    const small = zipped.get(built) ?? gzipSync(built.body);
    zipped.set(built, small);
    return reply.header('content-encoding', 'gzip').send(small);
  };
  for (const url of Object.values(DASHBOARD_PATHS)) {
    app.get(url, { config: { isOpen: true } }, async (request, reply) => {
      const page = file('index.html');
      return page ? send(request, reply, page) : sayNotBuilt(reply);
    });
  }
  app.get<{ Params: { '*': string } }>('/ui/*', { config: { isOpen: true } }, async (request, reply) => {
    const built = file(request.params['*']);
    return built ? send(request, reply, built) : reply.callNotFound();
  });
}

function sayNotBuilt(reply: FastifyReply): FastifyReply {
  return asPage(reply).code(503).type('text/html; charset=utf-8').send(readStatic('not-built.html'));
}
