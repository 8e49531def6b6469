/** Who may call: the bearer of the token, and no foreign web page through a user's browser. */
import { createHash, timingSafeEqual } from 'node:crypto';

import { AppError, WS_TOKEN_PREFIX } from '@weft/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { isLoopback } from './loopback.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** May be called without a token: holds nothing of anybody's data. */
    isOpen?: boolean;
    /** The token may also come as a subprotocol, because a browser's WebSocket has no other way to bring it. */
    takesTokenAsProtocol?: boolean;
  }
}

export function registerGuard(app: FastifyInstance, token: string | null): void {
  const expected = token === null ? null : digest(token);
  app.addHook('onRequest', async (request) => {
    refuseForeignPages(request);
    if (expected === null) refuseForeignNames(request);
    else if (!request.routeOptions.config?.isOpen) requireToken(request, expected);
  });
}

function requireToken(request: FastifyRequest, expected: Buffer): void {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const given =
    bearer ?? (request.routeOptions.config?.takesTokenAsProtocol ? tokenAmongProtocols(request) : undefined);
  // Digests have one length, so that comparing takes the same time for every token.
  if (given === undefined || !timingSafeEqual(digest(given), expected)) {
    throw new AppError('unauthorized', 'send the token as "Authorization: Bearer TOKEN"');
  }
}

/** The subprotocols that a request for a WebSocket offers. */
export function offeredProtocols({ headers }: FastifyRequest): string[] {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').map((name) => name.trim());
}

function tokenAmongProtocols(request: FastifyRequest): string | undefined {
  const offered = offeredProtocols(request).find((name) => name.startsWith(WS_TOKEN_PREFIX));
  return offered && Buffer.from(offered.slice(WS_TOKEN_PREFIX.length), 'base64url').toString();
}

/** A browser names the page that makes it send something; only our own pages may. */
function refuseForeignPages({ headers, host }: FastifyRequest): void {
  const { origin } = headers;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new AppError('forbidden', 'requests of pages from other origins are refused');
  }
}

/** Without a token the only protection is the address; a foreign name that leads to it (DNS rebinding) is refused. */
function refuseForeignNames({ hostname }: FastifyRequest): void {
  if (!isLoopback(hostname))
    throw new AppError('forbidden', 'without a token the server answers to loopback names only');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
