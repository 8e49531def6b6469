/**
 * The limits as this process knows them: read when it begins, and looked at again with every sweep. Whoever has none is found
 * out by one look into an empty map.
 */
import { isLimiting, limitOf } from '../../domain/limits/limit.ts';
import type { Limit } from '../../domain/limits/limit.ts';
import type { KeyLimit, LimitStore, LimitTable, RateKey, TenantLimit } from '../../ports/index.ts';
import type { EndpointRooms } from '../endpoints/endpoint-rooms.ts';

const NO_LIMIT: Limit = { maxConcurrent: null, rate: null };
const NO_KEYS: KeyLimit[] = [];

export class LimitBook {
  readonly #store: Pick<LimitStore, 'load'>;
  readonly #endpoints: Pick<EndpointRooms, 'holdsBack'> | null;
  #version: number | null = null;
  #tenants = new Map<string, TenantLimit>();
  #keys = new Map<string, KeyLimit[]>();
  #paused: ReadonlyMap<string, number> = new Map();
  #weights: ReadonlyMap<string, number> = new Map();

  /** Without `endpoints` nothing waits for one. */
  constructor(store: Pick<LimitStore, 'load'>, endpoints: Pick<EndpointRooms, 'holdsBack'> | null = null) {
    this.#store = store;
    this.#endpoints = endpoints;
  }

  get isRead(): boolean {
    return this.#version !== null;
  }

  /** Lanes that nobody claims from, with the instant since when. */
  get paused(): ReadonlyMap<string, number> {
    return this.#paused;
  }

  /** The shares of the tenants that have one set. */
  get weights(): ReadonlyMap<string, number> {
    return this.#weights;
  }

  /** Whether anything is set for this tenant or its keys. */
  knows(tenant: string): boolean {
    return this.#tenants.has(tenant) || this.#keys.has(tenant);
  }

  /** The tenants for which, or for whose keys, anything is set. */
  get tenants(): Set<string> {
    return new Set([...this.#tenants.keys(), ...this.#keys.keys()]);
  }

  /** Reads what has changed. Returns whether anything has. */
  async refresh(): Promise<boolean> {
    const table = await this.#store.load(this.#version);
    if (table === null || table.version === this.#version) return false;
    this.#take(table);
    return true;
  }

  /** Whether all tasks of a tenant are held back. */
  isLimited(tenant: string): boolean {
    const limit = this.#tenants.get(tenant);
    return limit !== undefined && isLimiting(limit);
  }

  /** Whether a task is held back by a limit: then only a pass through the gate offers it. */
  holdsBack(tenant: string, limitKey: string | undefined): boolean {
    if (this.isLimited(tenant)) return true;
    if (limitKey === undefined) return false;
    return isLimiting(this.ofKey(tenant, limitKey)) || this.#endpoints?.holdsBack(limitKey) === true;
  }

  ofTenant(tenant: string): Limit {
    return this.#tenants.get(tenant) ?? NO_LIMIT;
  }

  ofKey(tenant: string, key: string): Limit {
    return limitOf(this.#keys.get(tenant) ?? NO_KEYS, key) ?? NO_LIMIT;
  }

  /** When the limits of a tenant and its keys were changed last, epoch ms. */
  changedAt(tenant: string): number {
    const keys = (this.#keys.get(tenant) ?? NO_KEYS).map(({ updatedAt }) => updatedAt);
    return Math.max(this.#tenants.get(tenant)?.updatedAt ?? 0, ...keys);
  }

  /** The rates that a start of such a task spends. */
  ratesOf(tenant: string, limitKey: string | null): RateKey[] {
    const { rate } = this.ofTenant(tenant);
    const own = limitKey === null ? null : this.ofKey(tenant, limitKey).rate;
    return [...(rate ? [{ ...rate, name: 'tenant' }] : []), ...(own ? [{ ...own, name: `key ${limitKey}` }] : [])];
  }

  #take({ version, tenants, keys, paused }: LimitTable): void {
    this.#version = version;
    this.#tenants = new Map(tenants.map((limit) => [limit.tenant, limit]));
    this.#keys = Map.groupBy(keys, ({ tenant }) => tenant);
    this.#paused = new Map(paused.map(({ lane, since }) => [lane, since]));
    this.#weights = new Map(tenants.map(({ tenant, weight }) => [tenant, weight]));
  }
}
