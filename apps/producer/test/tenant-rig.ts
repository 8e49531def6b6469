/** The API with a token and two tenants, each known by a key of the role admin. */
import type { Executor } from '@weft/engine/ports';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';

import { buildApp } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig, ApiRigOptions } from './api-rig.ts';

export const TOKEN = 'the-token-of-the-operator';

export type Call = { headers?: Record<string, string>; payload?: unknown };

/** One who calls: by a key, the token, or nothing. */
export type Client = (method: string, url: string, call?: Call) => Promise<LightMyRequestResponse>;

export type TenantRig = {
  api: ApiRig;
  app: FastifyInstance;
  operator: Client;
  acme: Client;
  globex: Client;
  /** The keys of both tenants. */
  keys: { acme: { id: string; key: string }; globex: { id: string; key: string } };
  by(credential: string | null): Client;
  /** Makes a key, as the operator. */
  make(body: object): Promise<{ id: string; key: string }>;
  stop(): Promise<void>;
};

export async function createTenantRig(
  executors: Record<string, Executor['run']> = {},
  options: ApiRigOptions = {},
): Promise<TenantRig> {
  const api = await createApiRig(executors, options);
  const app = buildApp({ ...api.options, token: TOKEN });
  const by =
    (credential: string | null): Client =>
    (method, url, { headers = {}, payload } = {}) =>
      app.inject({
        method: method as 'GET',
        url,
        headers: { ...(credential !== null && { authorization: `Bearer ${credential}` }), ...headers },
        ...(payload !== undefined && { payload: payload as object }),
      });
  const operator = by(TOKEN);
  async function make(body: object): Promise<{ id: string; key: string }> {
    const answer = await operator('POST', '/v1/keys', { payload: body });
    if (answer.statusCode !== 201) throw new Error(answer.body);
    return answer.json();
  }
  const acme = await make({ tenant: 'acme', role: 'admin' });
  const globex = await make({ tenant: 'globex', role: 'admin' });
  return {
    api,
    app,
    operator,
    acme: by(acme.key),
    globex: by(globex.key),
    keys: { acme, globex },
    by,
    make,
    async stop() {
      await app.close();
      await api.stop();
    },
  };
}
