import type {
  Endpoint,
  EndpointPage,
  EndpointProtocol,
  NewEndpoint,
  ReplaceEndpoint,
  SetCircuit,
  UpdateEndpoint,
} from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** What is outside and does work. Changing it takes a key of the role admin, or the token of the server. */
export type EndpointsApi = {
  /** By name; with how they are, and without their tokens. */
  list(
    options?: CallOptions & {
      tag?: string | undefined;
      protocol?: EndpointProtocol | undefined;
      limit?: number | undefined;
      cursor?: string | undefined;
    },
  ): Promise<EndpointPage>;
  /** Throws `ApiError` `not_found`, as all that follow. */
  get(name: string, options?: CallOptions): Promise<Endpoint>;
  /** Throws `ApiError` `conflict` where the name is taken, `no_encryption_key` where the server cannot encrypt a token. */
  create(endpoint: NewEndpoint, options?: CallOptions): Promise<Endpoint>;
  /** What is left out is not set any more, its token as well. */
  replace(name: string, endpoint: ReplaceEndpoint, options?: CallOptions): Promise<Endpoint>;
  /** What is given takes the place of what was; null removes it. */
  update(name: string, changes: UpdateEndpoint, options?: CallOptions): Promise<Endpoint>;
  /** Gives what it was. */
  remove(name: string, options?: CallOptions): Promise<Endpoint>;
  /** It gets nothing new; what is under way goes on. */
  drain(name: string, options?: CallOptions): Promise<Endpoint>;
  undrain(name: string, options?: CallOptions): Promise<Endpoint>;
  /** Closes its circuit, or opens it until it is closed again. */
  setCircuit(name: string, circuit: SetCircuit['circuit'], options?: CallOptions): Promise<Endpoint>;
};

const PATH = '/v1/endpoints';

export function endpointsApi(transport: Transport): EndpointsApi {
  const pathOf = (name: string, verb = '') => `${PATH}/${encodeURIComponent(name)}${verb}`;
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: PATH, query }),
    get: (name, options) => transport.json({ ...options, path: pathOf(name) }),
    create: (json, options) => transport.json({ ...options, method: 'POST', path: PATH, json }),
    replace: (name, json, options) => transport.json({ ...options, method: 'PUT', path: pathOf(name), json }),
    update: (name, json, options) => transport.json({ ...options, method: 'PATCH', path: pathOf(name), json }),
    remove: (name, options) => transport.json({ ...options, method: 'DELETE', path: pathOf(name) }),
    drain: (name, options) => transport.json({ ...options, method: 'POST', path: pathOf(name, '/drain') }),
    undrain: (name, options) => transport.json({ ...options, method: 'POST', path: pathOf(name, '/undrain') }),
    setCircuit: (name, circuit, options) =>
      transport.json({ ...options, method: 'POST', path: pathOf(name, '/circuit'), json: { circuit } }),
  };
}
