/** Who is told about the runs of a tenant, and what is on its way to them. */
import type {
  CallbackPage,
  CallbackView,
  CallbackWithSecret,
  Delivery,
  DeliveryPage,
  DeliveryStatus,
  NewCallback,
  Replayed,
  RotateSecret,
  UpdateCallback,
} from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

type PageOptions = CallOptions & { limit?: number | undefined; cursor?: string | undefined };

export type DeliveryListOptions = PageOptions & {
  status?: DeliveryStatus | undefined;
  callback?: string | undefined;
  run?: string | undefined;
  event?: string | undefined;
};

export type CallbacksApi = {
  /** `secret` of the answer is shown this once. */
  create(callback: NewCallback, options?: CallOptions): Promise<CallbackWithSecret>;
  /** Newest first: those of the tenant, or with `run` those that came with a run. */
  list(options?: PageOptions & { run?: string | undefined }): Promise<CallbackPage>;
  get(id: string, options?: CallOptions): Promise<CallbackView>;
  update(id: string, change: UpdateCallback, options?: CallOptions): Promise<CallbackView>;
  /** Gives what it was; what was still to be delivered is dropped. */
  remove(id: string, options?: CallOptions): Promise<CallbackView>;
  /** Another secret, shown this once; for a day the former one signs as well. */
  rotate(id: string, request?: NonNullable<RotateSecret>, options?: CallOptions): Promise<CallbackWithSecret>;
  /** Sends an event `callback.test`. */
  test(id: string, options?: CallOptions): Promise<Delivery>;
  /** Delivers again what was given up, since an instant (ISO 8601) or all of it. */
  replay(id: string, options?: CallOptions & { since?: string | undefined }): Promise<Replayed>;
  /** Newest first; `status: 'dead'` lists those that were given up. */
  deliveries(options?: DeliveryListOptions): Promise<DeliveryPage>;
  delivery(id: string, options?: CallOptions): Promise<Delivery>;
  /** Delivers one once more, whatever had become of it. */
  replayDelivery(id: string, options?: CallOptions): Promise<Delivery>;
};

const PATH = '/v1/callbacks';

export function callbacksApi(transport: Transport): CallbacksApi {
  const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;
  const deliveryPathOf = (id: string): string => `${PATH}/deliveries/${encodeURIComponent(id)}`;
  const post = { method: 'POST' as const };
  return {
    create: (callback, options) => transport.json({ ...options, ...post, path: PATH, json: callback }),
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: PATH, query }),
    get: (id, options) => transport.json({ ...options, path: pathOf(id) }),
    update: (id, change, options) => transport.json({ ...options, method: 'PATCH', path: pathOf(id), json: change }),
    remove: (id, options) => transport.json({ ...options, method: 'DELETE', path: pathOf(id) }),
    rotate: (id, request = {}, options) =>
      transport.json({ ...options, ...post, path: `${pathOf(id)}/rotate`, json: request }),
    test: (id, options) => transport.json({ ...options, ...post, path: `${pathOf(id)}/test` }),
    replay: (id, { signal, since } = {}) =>
      transport.json({ signal, ...post, path: `${pathOf(id)}/replay`, json: since === undefined ? {} : { since } }),
    deliveries: ({ signal, ...query } = {}) => transport.json({ signal, path: `${PATH}/deliveries`, query }),
    delivery: (id, options) => transport.json({ ...options, path: deliveryPathOf(id) }),
    replayDelivery: (id, options) => transport.json({ ...options, ...post, path: `${deliveryPathOf(id)}/replay` }),
  };
}
