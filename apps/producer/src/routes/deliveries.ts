import { AppError, Delivery, DeliveryPage, DeliveryQuery } from '@weft/contract';
import type { DeliveryRecord } from '@weft/engine/ports';
import { toInstant, toInstantOrNull } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { asId, found, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

const SUCH_DELIVERY = 'such delivery';

const DeliveryCursor = z.object({ id: z.uuid() });

/** What is, or was, on its way to callbacks. */
export function deliveryRoutes(api: Api, { deliveries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/callbacks/deliveries',
    schema: {
      summary: 'Deliveries to callbacks, newest first',
      description: 'With `status=dead` those that were given up. Each says where it stands.',
      tags: ['callbacks'],
      querystring: DeliveryQuery,
      response: { 200: DeliveryPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, ...filter } }) => {
      const beforeId = decodeCursor(cursor, DeliveryCursor)?.id ?? null;
      const listed = await deliveries.list(tenant, { ...filter, limit: limit + 1, beforeId });
      const items = listed.slice(0, limit);
      const last = listed.length > limit ? items.at(-1) : undefined;
      return { items: items.map(viewDelivery), nextCursor: last ? encodeCursor({ id: last.id }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/callbacks/deliveries/:id',
    schema: {
      summary: 'One delivery with the log of its attempts',
      tags: ['callbacks'],
      params: IdParams,
      response: { 200: Delivery, ...problems },
    },
    handler: async ({ tenant, params }) =>
      viewDelivery(found(await deliveries.get(tenant, asId('delivery', params.id)), SUCH_DELIVERY)),
  });
  api.route({
    method: 'POST',
    url: '/v1/callbacks/deliveries/:id/replay',
    schema: {
      summary: 'Deliver once more',
      description: 'From its first attempt on and under the same `webhook-id`, whether it had been taken or given up.',
      tags: ['callbacks'],
      params: IdParams,
      response: { 202: Delivery, ...problems },
    },
    handler: async ({ tenant, params }, reply) => {
      const id = asId('delivery', params.id);
      const isReplayed = await deliveries.replay(tenant, id);
      const delivery = found(await deliveries.get(tenant, id), SUCH_DELIVERY);
      if (!isReplayed && delivery.callback === null) throw new AppError('conflict', 'its callback is gone');
      return reply.code(202).send(viewDelivery(delivery));
    },
  });
}

export function viewDelivery(record: DeliveryRecord): Delivery {
  const { id, callbackId, callback, runId, event, status, attempts, dueAt, log, createdAt, endedAt } = record;
  return {
    id,
    callbackId,
    url: callback?.url ?? null,
    runId,
    event,
    status,
    attempts,
    dueAt: status === 'pending' ? toInstant(dueAt) : null,
    why: whyOf(record),
    log: [...log],
    createdAt: toInstant(createdAt),
    endedAt: toInstantOrNull(endedAt),
  };
}

/** Where it stands, in a sentence. */
function whyOf({ status, callback, attempts, dueAt, log, now }: DeliveryRecord): string {
  const last = log.at(-1);
  const came =
    last === undefined ? 'it was not tried yet' : `the last attempt: ${last.error ?? `answered ${last.status}`}`;
  switch (status) {
    case 'delivered':
      return `delivered with attempt ${attempts}`;
    case 'dropped':
      return 'dropped: its callback was removed before it was delivered';
    case 'dead':
      return `given up after ${attempts} attempts (${came}); it can be replayed`;
    case 'pending':
      break;
    default:
      return status satisfies never;
  }
  if (callback === null) return 'its callback is gone; it will be dropped';
  if (!callback.isActive)
    return `waits: its callback is not active${callback.problem === null ? '' : ` (${callback.problem})`}`;
  if (callback.openUntil !== null) {
    const probe = toInstant(callback.openUntil);
    return `waits: the circuit of its callback is open (${callback.problem ?? 'it failed again and again'}); one delivery is tried at ${probe}, and all go on when that is taken`;
  }
  if (dueAt > now)
    return `waits until ${toInstant(dueAt)} for attempt ${attempts + 1} (${came}), or an attempt is under way`;
  return `due: it is sent with the next look, within a second or two, as long as a producer runs (${came})`;
}
