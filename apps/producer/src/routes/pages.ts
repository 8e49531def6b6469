import { readFileSync } from 'node:fs';

import type { FastifyInstance, FastifyReply } from 'fastify';

/** Path, file, type; the pages hold no data, so they need no token. */
const FILES = [
  ['/docs', 'docs.html', 'text/html; charset=utf-8'],
  ['/ui/docs.js', 'docs.js', 'text/javascript; charset=utf-8'],
  ['/ui/style.css', 'style.css', 'text/css; charset=utf-8'],
] as const;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page about the API: static files that load nothing from elsewhere. */
export function pageRoutes(app: FastifyInstance): void {
  for (const [url, file, type] of FILES) {
    const content = readStatic(file);
    app.get(url, { config: { isOpen: true } }, async (_request, reply) =>
      asPage(reply).header('cache-control', 'no-cache').type(type).send(content),
    );
  }
}

export function readStatic(file: string): Buffer {
  return readFileSync(new URL(`../static/${file}`, import.meta.url));
}

/** Nothing in a page comes from elsewhere, and nothing of a page is shown elsewhere. */
export function asPage(reply: FastifyReply): FastifyReply {
  return reply.header('content-security-policy', POLICY).header('referrer-policy', 'no-referrer');
}
