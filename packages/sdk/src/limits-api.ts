import type { KeyLimitList, LaneList, SetKeyLimit, SetTenantLimits, TenantLimits, TenantList } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** Shares and limits of tenants. */
export type TenantsApi = {
  /** The tenants for which anything is set, and this one. */
  list(options?: CallOptions): Promise<TenantList>;
  get(name: string, options?: CallOptions): Promise<TenantLimits>;
  /** What is left out is no limit, and a weight of 1. */
  set(name: string, limits: SetTenantLimits, options?: CallOptions): Promise<TenantLimits>;
};

/** Limits of the tasks with one `concurrencyKey`. */
export type LimitsApi = {
  list(options?: CallOptions): Promise<KeyLimitList>;
  /** A key that ends with `*` speaks for each key that begins so. */
  set(limit: SetKeyLimit, options?: CallOptions): Promise<KeyLimitList>;
  /** Throws `ApiError` `not_found` where there is none. */
  remove(key: string, options?: CallOptions): Promise<KeyLimitList>;
};

/** Lanes, what waits for them and who serves them. */
export type LanesApi = {
  list(options?: CallOptions): Promise<LaneList>;
  /** Within a few seconds nobody claims from it any more; what runs goes on. */
  pause(name: string, options?: CallOptions): Promise<LaneList>;
  resume(name: string, options?: CallOptions): Promise<LaneList>;
};

export function tenantsApi(transport: Transport): TenantsApi {
  const pathOf = (name: string) => `/v1/tenants/${encodeURIComponent(name)}`;
  return {
    list: (options) => transport.json({ ...options, path: '/v1/tenants' }),
    get: (name, options) => transport.json({ ...options, path: pathOf(name) }),
    set: (name, json, options) => transport.json({ ...options, method: 'PUT', path: pathOf(name), json }),
  };
}

export function limitsApi(transport: Transport): LimitsApi {
  const path = '/v1/limits';
  return {
    list: (options) => transport.json({ ...options, path }),
    set: (json, options) => transport.json({ ...options, method: 'PUT', path, json }),
    remove: (key, options) => transport.json({ ...options, method: 'DELETE', path, query: { key } }),
  };
}

export function lanesApi(transport: Transport): LanesApi {
  const pathOf = (name: string, verb: string) => `/v1/lanes/${encodeURIComponent(name)}/${verb}`;
  return {
    list: (options) => transport.json({ ...options, path: '/v1/lanes' }),
    pause: (name, options) => transport.json({ ...options, method: 'POST', path: pathOf(name, 'pause') }),
    resume: (name, options) => transport.json({ ...options, method: 'POST', path: pathOf(name, 'resume') }),
  };
}
