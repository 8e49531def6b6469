/** What a request says of who sends it. */
import { TENANT_HEADER, TenantName, WS_TENANT_PREFIX, WS_TOKEN_PREFIX } from '@weft/contract';
import type { FastifyRequest } from 'fastify';

import { invalidValue } from './request-problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Token and tenant may also come as subprotocols, because a browser's WebSocket has no other way to bring them. */
    takesProtocols?: boolean;
  }
}

/** The key or the token that the request brings. */
export function credentialOf(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const offered = bearer === undefined ? protocolOf(request, WS_TOKEN_PREFIX) : undefined;
  return offered === undefined ? bearer : Buffer.from(offered, 'base64url').toString();
}

/** The tenant that the request names; null if it names none. Throws AppError `invalid_request`. */
export function tenantNamedBy(request: FastifyRequest): string | null {
  const given = request.headers[TENANT_HEADER] ?? protocolOf(request, WS_TENANT_PREFIX);
  if (given === undefined) return null;
  const name = TenantName.safeParse(given);
  if (name.success) return name.data;
  throw invalidValue(`/headers/${TENANT_HEADER}`, name.error.issues[0]?.message ?? 'this is no name of a tenant');
}

/** The subprotocols that a request for a WebSocket offers. */
export function offeredProtocols({ headers }: FastifyRequest): string[] {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').map((name) => name.trim());
}

function protocolOf(request: FastifyRequest, prefix: string): string | undefined {
  if (!request.routeOptions.config?.takesProtocols) return undefined;
  return offeredProtocols(request)
    .find((name) => name.startsWith(prefix))
    ?.slice(prefix.length);
}
