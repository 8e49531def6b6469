/** What limits are set, and how far they are used. */
import type { KeyLimit, TenantLimits } from '@weft/contract';

import { speaksFor } from '../../domain/limits/limit.ts';
import type { InUse, LimitTable, TenantLimit } from '../../ports/index.ts';
import type { QueryDeps } from './query-deps.ts';

type LimitDeps = Pick<QueryDeps, 'limits' | 'queue'>;

const NOTHING: LimitTable = { version: 0, tenants: [], keys: [], paused: [] };

export async function readLimits({ limits }: Pick<QueryDeps, 'limits'>): Promise<LimitTable> {
  return (await limits.load(null)) ?? NOTHING;
}

/** One tenant; one of which nothing is set has no limit, and the share of any other. */
export async function viewTenant(deps: LimitDeps, name: string): Promise<TenantLimits> {
  const { tenants } = await readLimits(deps);
  return toTenant(deps, name, tenants.find(({ tenant }) => tenant === name) ?? null);
}

/** The tenants of which anything is set, and these, by name. */
export async function listTenants(deps: LimitDeps, others: readonly string[]): Promise<TenantLimits[]> {
  const { tenants } = await readLimits(deps);
  const known = new Map<string, TenantLimit | null>(others.map((name) => [name, null]));
  for (const limit of tenants) known.set(limit.tenant, limit);
  const names = Array.from(known.keys()).toSorted();
  return Promise.all(names.map((name) => toTenant(deps, name, known.get(name) ?? null)));
}

async function toTenant({ queue }: LimitDeps, name: string, limit: TenantLimit | null): Promise<TenantLimits> {
  const { weight = 1, maxConcurrent = null, rate = null } = limit ?? {};
  return { name, weight, maxConcurrent, rate, ...counts(await queue.inUse(name, null)) };
}

/** The limits of the tenant's keys, by key. */
export async function listKeyLimits(deps: LimitDeps, tenant: string): Promise<KeyLimit[]> {
  const { keys } = await readLimits(deps);
  const mine = keys.filter((limit) => limit.tenant === tenant).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const used = mine.length === 0 ? [] : await deps.queue.keysInUse(tenant, MOST_KEYS);
  return Promise.all(
    mine.map(async ({ key, maxConcurrent, rate }) => {
      const names = key.endsWith('*') ? used.filter((name) => speaksFor(key, name)) : [key];
      const uses = await Promise.all(names.map((name) => deps.queue.inUse(tenant, name)));
      const sum = uses.reduce((all, use) => add(all, use), { running: 0, waiting: 0 });
      return { key, maxConcurrent, rate, ...sum };
    }),
  );
}

/** Of so many keys it is said what is under way. */
const MOST_KEYS = 200;

function counts({ running, waiting }: InUse): Pick<InUse, 'running' | 'waiting'> {
  return { running, waiting };
}

function add(a: Pick<InUse, 'running' | 'waiting'>, b: InUse): Pick<InUse, 'running' | 'waiting'> {
  return { running: a.running + b.running, waiting: a.waiting + b.waiting };
}
