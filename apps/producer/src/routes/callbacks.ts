import { randomBytes } from 'node:crypto';

import {
  CallbackPage,
  CallbackQuery,
  CallbackView,
  CallbackWithSecret,
  Delivery,
  NewCallback,
  Replayed,
  ReplayDeliveries,
  RotateSecret,
  UpdateCallback,
} from '@weft/contract';
import type { CallbackRecord } from '@weft/engine/ports';
import { makeUuidV7 } from '@weft/engine/domain';
import { toInstant, toInstantOrNull } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { asId, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';
import { viewDelivery } from './deliveries.ts';

const SUCH_CALLBACK = 'such callback';
const SECRET_BYTES = 32;
const KEEP_OLD_MS = 24 * 3_600_000;

/** Who is told about the runs of a tenant. */
export function callbackRoutes(api: Api, options: AppOptions): void {
  createRoute(api, options);
  listRoutes(api, options);
  changeRoutes(api, options);
  rotateRoute(api, options);
  tryRoutes(api, options);
}

function createRoute(api: Api, { callbacks, clock }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/callbacks',
    config: { needs: 'admin' },
    schema: {
      summary: 'Be told about the runs of a tenant',
      description:
        'What ends from three seconds later on is told in the shape of Standard Webhooks, signed with the secret, which is shown this once.',
      tags: ['callbacks'],
      body: NewCallback,
      response: { 201: CallbackWithSecret, ...problems },
    },
    handler: async ({ tenant, body }, reply) => {
      const secret = body.secret ?? newSecret();
      const id = makeUuidV7(clock.now(), clock.randomBytes(10));
      const { url, description = null, events = null, active: isActive = true } = body;
      const added = await callbacks.add({ id, tenant, url, description, events, isActive, secret });
      return reply
        .code(201)
        .header('location', `/v1/callbacks/${id}`)
        .send({ ...view(added), secret });
    },
  });
}

const CallbackCursor = z.object({ id: z.uuid() });

function listRoutes(api: Api, { callbacks }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/callbacks',
    schema: {
      summary: 'Callbacks, newest first',
      description: 'Those of the tenant, or with `run` those that came with a run; never with their secrets.',
      tags: ['callbacks'],
      querystring: CallbackQuery,
      response: { 200: CallbackPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, run: runId = null } }) => {
      const beforeId = decodeCursor(cursor, CallbackCursor)?.id ?? null;
      const listed = await callbacks.list(tenant, { runId, limit: limit + 1, beforeId });
      const items = listed.slice(0, limit);
      const last = listed.length > limit ? items.at(-1) : undefined;
      return { items: items.map(view), nextCursor: last ? encodeCursor({ id: last.id }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/callbacks/:id',
    schema: {
      summary: 'One callback, and how it is',
      tags: ['callbacks'],
      params: IdParams,
      response: { 200: CallbackView, ...problems },
    },
    handler: async ({ tenant, params }) =>
      view(found(await callbacks.get(tenant, asId('callback', params.id)), SUCH_CALLBACK)),
  });
}

function changeRoutes(api: Api, { callbacks }: AppOptions): void {
  api.route({
    method: 'PATCH',
    url: '/v1/callbacks/:id',
    config: { needs: 'admin' },
    schema: {
      summary: 'Change a callback',
      description: 'What is on its way goes to the new URL, too. `active: true` also ends that it was disabled.',
      tags: ['callbacks'],
      params: IdParams,
      body: UpdateCallback,
      response: { 200: CallbackView, ...problems },
    },
    handler: async ({ tenant, params, body: { url, description, events, active } }) => {
      const change = {
        ...(url !== undefined && { url }),
        ...(description !== undefined && { description }),
        ...(events !== undefined && { events }),
        ...(active !== undefined && { isActive: active }),
      };
      return view(found(await callbacks.change(tenant, asId('callback', params.id), change), SUCH_CALLBACK));
    },
  });
  api.route({
    method: 'DELETE',
    url: '/v1/callbacks/:id',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove a callback',
      description: 'What was still to be delivered to it is dropped.',
      tags: ['callbacks'],
      params: IdParams,
      response: { 200: CallbackView, ...problems },
    },
    handler: async ({ tenant, params }) => {
      const record = found(await callbacks.get(tenant, asId('callback', params.id)), SUCH_CALLBACK);
      await callbacks.remove(tenant, record.id);
      return view(record);
    },
  });
}

function rotateRoute(api: Api, { callbacks }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/callbacks/:id/rotate',
    config: { needs: 'admin' },
    schema: {
      summary: 'Give a callback another secret',
      description:
        'For a day, or as long as it says, deliveries bear the signatures of both, so that the receiver can change over. It is shown this once.',
      tags: ['callbacks'],
      params: IdParams,
      body: RotateSecret,
      response: { 200: CallbackWithSecret, ...problems },
    },
    handler: async ({ tenant, params, body }) => {
      const secret = body?.secret ?? newSecret();
      const id = asId('callback', params.id);
      const changed = await callbacks.rotate(tenant, id, secret, body?.keepOldMs ?? KEEP_OLD_MS);
      return { ...view(found(changed, SUCH_CALLBACK)), secret };
    },
  });
}

function tryRoutes(api: Api, { callbacks, deliveries, clock }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/callbacks/:id/test',
    schema: {
      summary: 'Send a test to a callback',
      description: 'An event `callback.test`, delivered and retried like any other.',
      tags: ['callbacks'],
      params: IdParams,
      response: { 202: Delivery, ...problems },
    },
    handler: async ({ tenant, params }, reply) => {
      const callbackId = asId('callback', params.id);
      const id = makeUuidV7(clock.now(), clock.randomBytes(10));
      const timestamp = toInstant(clock.now());
      const payload = { type: 'callback.test', timestamp, data: { callbackId } };
      const isAdded = await deliveries.addTest(tenant, callbackId, { id, payload });
      const added = isAdded ? await deliveries.get(tenant, id) : null;
      return reply.code(202).send(viewDelivery(found(added, SUCH_CALLBACK)));
    },
  });
  api.route({
    method: 'POST',
    url: '/v1/callbacks/:id/replay',
    schema: {
      summary: 'Deliver again what was given up',
      description: 'All dead deliveries of the callback, or those that were given up since an instant.',
      tags: ['callbacks'],
      params: IdParams,
      body: ReplayDeliveries,
      response: { 200: Replayed, ...problems },
    },
    handler: async ({ tenant, params, body }) => {
      const since = body?.since === undefined ? null : Date.parse(body.since);
      const { id } = found(await callbacks.get(tenant, asId('callback', params.id)), SUCH_CALLBACK);
      return { replayed: await deliveries.replayDead(tenant, id, since) };
    },
  });
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function view(record: CallbackRecord): CallbackView {
  const { id, runId, url, description, events, isActive, isSigned, problem, openUntil, failures, pending } = record;
  return {
    id,
    runId,
    url,
    description,
    events: events && [...events],
    active: isActive,
    isSigned,
    problem,
    circuit: openUntil === null ? 'closed' : 'open',
    probeAt: toInstantOrNull(openUntil),
    failures,
    pending,
    createdAt: toInstant(record.createdAt),
    updatedAt: toInstant(record.updatedAt),
  };
}
