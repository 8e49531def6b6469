/** Budgets and the account, as they are shown. */
import type { BudgetList, Costs, CostDimension, TenantBudget } from '@weft/contract';

import type { BudgetRecord } from '../../ports/index.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';

export async function listBudgets({ budgets }: Pick<QueryDeps, 'budgets'>, tenant: string): Promise<BudgetList> {
  return { items: (await budgets.list(tenant)).map(viewBudget) };
}

function viewBudget({ kind, subject, period, updatedAt, ...record }: BudgetRecord): TenantBudget {
  const whose = kind === 'tenant' ? {} : { [kind]: subject };
  return { ...whose, period, ...viewUse(record), updatedAt: toInstant(updatedAt) };
}

type Use = Pick<BudgetRecord, 'usd' | 'tokens' | 'spent' | 'reserved' | 'warnedAt' | 'exceededAt'>;

/** How far a budget is used. */
export function viewUse({ usd, tokens, spent, reserved, warnedAt, exceededAt }: Use) {
  const [warned, exceeded] = [toInstantOrNull(warnedAt), toInstantOrNull(exceededAt)];
  return { usd, tokens, spent, reserved, warnedAt: warned, exceededAt: exceeded };
}

/** `from`, `to` null: the last thirty days up to `now` (epoch ms). */
export type CostsRequest = {
  tenant: string | null;
  by: readonly CostDimension[];
  from: string | null;
  to: string | null;
  workflow: string | null;
  runId: string | null;
  limit: number;
  now: number;
};

const DAY_MS = 24 * 3_600_000;

export async function viewCosts({ costs }: Pick<QueryDeps, 'costs'>, request: CostsRequest): Promise<Costs> {
  const { tenant, by, workflow, runId, limit, now } = request;
  const to = request.to ?? toInstant(now).slice(0, 10);
  const from = request.from ?? toInstant(Date.parse(to) - 29 * DAY_MS).slice(0, 10);
  const { items, total } = await costs.costs({ tenant, from, to, workflow, runId }, by, limit + 1);
  return { from, to, total, items: items.slice(0, limit), more: items.length > limit };
}
