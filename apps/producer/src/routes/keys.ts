import { ApiKey, AppError, CreatedKey, CreateKey, KeyPage, ListKeysQuery } from '@weft/contract';
import type { KeyRecord } from '@weft/engine/ports';
import { toInstant, toInstantOrNull } from '@weft/engine/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { asId, found, IdParams } from '../http/ids.ts';
import { apiKeyText, digestOf, makeApiKey, shownPrefix } from '../keys/api-key.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { problems } from '../schemas/answers.ts';

/** By what tenants are known: an admin manages the keys of its tenant, the operator those of all. */
export function keyRoutes(api: Api, options: AppOptions, ring: Pick<KeyRing, 'recheck'>): void {
  createRoute(api, options, ring);
  listRoute(api, options);
  revokeRoute(api, options, ring);
}

function createRoute(api: Api, { keys, clock }: AppOptions, ring: Pick<KeyRing, 'recheck'>): void {
  api.route({
    method: 'POST',
    url: '/v1/keys',
    config: { needs: 'admin' },
    schema: {
      summary: 'Make an API key',
      description:
        'It is shown this once: only the SHA-256 of its secret is stored. The first key closes the server to calls without one.',
      tags: ['keys'],
      body: CreateKey,
      response: { 201: CreatedKey, ...problems },
    },
    handler: async (request, reply) => {
      const { tenant = request.tenant, name = '', role = 'member', expiresMs = null } = request.body ?? {};
      scopeOf(request, tenant);
      const parts = makeApiKey(clock);
      const digest = digestOf(parts.secret);
      const made = await keys.add({ id: parts.id, tenant, name, role, digest, expiresInMs: expiresMs });
      await ring.recheck(made.id);
      return reply.code(201).send({ ...view(made), key: apiKeyText(parts) });
    },
  });
}

const KeyCursor = z.object({ id: z.uuid() });

function listRoute(api: Api, { keys }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/keys',
    config: { needs: 'admin' },
    schema: {
      summary: 'API keys, newest first',
      description: 'Those that have expired or were revoked as well; never with their secrets.',
      tags: ['keys'],
      querystring: ListKeysQuery,
      response: { 200: KeyPage, ...problems },
    },
    handler: async (request) => {
      const { limit, cursor, tenant } = request.query;
      const beforeId = decodeCursor(cursor, KeyCursor)?.id ?? null;
      const listed = await keys.list({ tenant: scopeOf(request, tenant), limit: limit + 1, beforeId });
      const items = listed.slice(0, limit);
      const last = listed.length > limit ? items.at(-1) : undefined;
      return { items: items.map(view), nextCursor: last ? encodeCursor({ id: last.id }) : null };
    },
  });
}

function revokeRoute(api: Api, { keys }: AppOptions, ring: Pick<KeyRing, 'recheck'>): void {
  api.route({
    method: 'DELETE',
    url: '/v1/keys/:id',
    config: { needs: 'admin' },
    schema: {
      summary: 'Revoke an API key',
      description: 'For ever. Within five seconds no server takes it any more, and what is open by it is closed.',
      tags: ['keys'],
      params: IdParams,
      response: { 200: ApiKey, ...problems },
    },
    handler: async (request) => {
      const id = asId('key', request.params.id);
      const revoked = found(await keys.revoke({ id, tenant: scopeOf(request) }), 'such key');
      await ring.recheck(id);
      return view(revoked);
    },
  });
}

/** Whose keys the request is about (null: those of all). Throws AppError `forbidden` for another tenant than the caller's. */
function scopeOf({ caller: { scope } }: FastifyRequest, wanted: string | null = null): string | null {
  if (scope === null || wanted === null || wanted === scope) return wanted ?? scope;
  throw new AppError('forbidden', `this call is about the tenant ${scope} only`);
}

function view({ id, tenant, name, role, createdAt, lastUsedAt, expiresAt, revokedAt, isLive }: KeyRecord): ApiKey {
  const ended = revokedAt === null ? 'expired' : 'revoked';
  return {
    id,
    tenant,
    name,
    role,
    status: isLive ? 'live' : ended,
    prefix: shownPrefix(id),
    createdAt: toInstant(createdAt),
    lastUsedAt: toInstantOrNull(lastUsedAt),
    expiresAt: toInstantOrNull(expiresAt),
    revokedAt: toInstantOrNull(revokedAt),
  };
}
