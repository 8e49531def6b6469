import type { BudgetList, BudgetQuery, CostDimension, Costs, SetBudget } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

/** What tenants, their keys, and runs that name a budget may spend. */
export type BudgetsApi = {
  /** With what is spent and reserved of each. */
  list(options?: CallOptions): Promise<BudgetList>;
  /** Without `key` and `name` it is that of the whole tenant, which is for the operator to set. */
  set(budget: SetBudget, options?: CallOptions): Promise<BudgetList>;
  /** Throws `ApiError` `not_found` where there is none. */
  remove(budget?: BudgetQuery, options?: CallOptions): Promise<BudgetList>;
};

export type CostsOptions = CallOptions & {
  /** By what it is summed (by day). */
  groupBy?: readonly CostDimension[] | undefined;
  /** Days of UTC, both included: the last thirty. */
  from?: string | undefined;
  to?: string | undefined;
  workflow?: string | undefined;
  run?: string | undefined;
  limit?: number | undefined;
};

export function budgetsApi(transport: Transport): BudgetsApi {
  const path = '/v1/budgets';
  return {
    list: (options) => transport.json({ ...options, path }),
    set: (json, options) => transport.json({ ...options, method: 'PUT', path, json }),
    remove: (query, options) => transport.json({ ...options, method: 'DELETE', path, query: { ...query } }),
  };
}

/** What was spent, in money and tokens. */
export function costsOf(transport: Transport, { signal, groupBy, ...query }: CostsOptions = {}): Promise<Costs> {
  const by = groupBy && { groupBy: groupBy.join(',') };
  return transport.json({ ...(signal && { signal }), path: '/v1/costs', query: { ...query, ...by } });
}
