import type { ApiKey, CreatedKey, CreateKey, KeyPage } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** The API keys of tenants. It takes a key of the role admin, or the token of the server. */
export type KeysApi = {
  /** Makes a key; `key` of the answer is shown this once. */
  create(request?: NonNullable<CreateKey>, options?: CallOptions): Promise<CreatedKey>;
  /** Newest first; without `tenant` those of all tenants that the caller may see. */
  list(
    options?: CallOptions & { tenant?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
  ): Promise<KeyPage>;
  /** Ends the key for ever. Throws `ApiError` `not_found`. */
  revoke(id: string, options?: CallOptions): Promise<ApiKey>;
};

const PATH = '/v1/keys';

export function keysApi(transport: Transport): KeysApi {
  return {
    create: (request = {}, options) => transport.json({ ...options, method: 'POST', path: PATH, json: request }),
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: PATH, query }),
    revoke: (id, options) =>
      transport.json({ ...options, method: 'DELETE', path: `${PATH}/${encodeURIComponent(id)}` }),
  };
}
