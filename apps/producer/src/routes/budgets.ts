import { AppError, BudgetList, BudgetQuery, Costs, CostsQuery, SetBudget } from '@weft/contract';
import type { BudgetKey } from '@weft/engine/ports';
import { listBudgets, viewCosts } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { requireRole } from '../http/caller.ts';
import { problems } from '../schemas/answers.ts';

/** What tenants, keys and runs may spend, and what was spent. */
export function budgetRoutes(api: Api, options: AppOptions): void {
  budgetsRoutes(api, options);
  costsRoute(api, options);
}

const TAGS = ['budgets'];

function budgetsRoutes(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/budgets',
    schema: {
      summary: 'Budgets of the tenant, its keys, and those that runs name',
      description: 'With what is spent and reserved of each in its present period.',
      tags: TAGS,
      response: { 200: BudgetList, ...problems },
    },
    handler: async ({ tenant }) => listBudgets(queries, tenant),
  });
  api.route({
    method: 'PUT',
    url: '/v1/budgets',
    config: { needs: 'admin' },
    schema: {
      summary: 'Set a budget',
      description:
        'What is spent of it stays spent. Workers keep to a new one within a few seconds. That of the whole tenant is for the operator to set.',
      tags: TAGS,
      body: SetBudget,
      response: { 200: BudgetList, ...problems },
    },
    handler: async ({ tenant, caller, body }) => {
      const key = keyOf(tenant, body);
      if (key.kind === 'tenant') requireRole(caller, 'operator');
      await engine.setBudget(key, { usd: body.usd ?? null, tokens: body.tokens ?? null });
      return listBudgets(queries, tenant);
    },
  });
  api.route({
    method: 'DELETE',
    url: '/v1/budgets',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove a budget',
      description: 'Nothing is bounded by it any more. That of the whole tenant is for the operator to remove.',
      tags: TAGS,
      querystring: BudgetQuery,
      response: { 200: BudgetList, ...problems },
    },
    handler: async ({ tenant, caller, query }) => {
      const key = keyOf(tenant, query);
      if (key.kind === 'tenant') requireRole(caller, 'operator');
      await engine.removeBudget(key);
      return listBudgets(queries, tenant);
    },
  });
}

function keyOf(tenant: string, { key, name, period = 'total' }: BudgetQuery): BudgetKey {
  if (key !== undefined) return { tenant, kind: 'key', subject: key, period };
  return { tenant, kind: name === undefined ? 'tenant' : 'name', subject: name ?? '', period };
}

const MOST_ITEMS = 100;

function costsRoute(api: Api, { queries, clock }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/costs',
    schema: {
      summary: 'What was spent',
      description:
        'In money and tokens, by one or more dimensions. Runs that were deleted are counted, without their ids; `tenant` is for the operator, who then sees all tenants unless one is named.',
      tags: TAGS,
      querystring: CostsQuery,
      response: { 200: Costs, ...problems },
    },
    handler: async ({ tenant, caller, query }) => {
      const { groupBy: by = ['day'], from = null, to = null, workflow = null, run = null } = query;
      if (by.includes('tenant')) requireRole(caller, 'operator');
      if (from !== null && to !== null && from > to)
        throw new AppError('invalid_request', '`from` is after `to`', {
          errors: [{ code: 'invalid_value', pointer: '/querystring/from', message: 'it is after `to`' }],
        });
      const whose = by.includes('tenant') ? caller.scope : tenant;
      const limit = query.limit ?? MOST_ITEMS;
      return viewCosts(queries, { tenant: whose, by, from, to, workflow, runId: run, limit, now: clock.now() });
    },
  });
}
