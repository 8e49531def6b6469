import { readFileSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';

/** Path, file, type; the pages hold no data, so they need no token. */
const FILES = [
  ['/', 'status.html', 'text/html; charset=utf-8'],
  ['/docs', 'docs.html', 'text/html; charset=utf-8'],
  ['/ui/status.js', 'status.js', 'text/javascript; charset=utf-8'],
  ['/ui/graph.js', 'graph.js', 'text/javascript; charset=utf-8'],
  ['/ui/api.js', 'api.js', 'text/javascript; charset=utf-8'],
  ['/ui/docs.js', 'docs.js', 'text/javascript; charset=utf-8'],
  ['/ui/style.css', 'style.css', 'text/css; charset=utf-8'],
] as const;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The status page and the page about the API: static files that load nothing from elsewhere. */
export function pageRoutes(app: FastifyInstance): void {
  for (const [url, file, type] of FILES) {
    const content = readFileSync(new URL(`../static/${file}`, import.meta.url));
    app.get(url, { config: { isOpen: true } }, async (_request, reply) =>
      reply
        .header('content-security-policy', POLICY)
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', 'no-cache')
        .type(type)
        .send(content),
    );
  }
}
