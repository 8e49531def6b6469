import { z } from 'zod';
import { BudgetName, Usd } from './policy.ts';
import { Id, Instant } from './wire.ts';

/** How long a budget lasts until it begins anew; days and months of UTC. */
export const BudgetPeriod = z
  .enum(['total', 'day', 'month'])
  .meta({ id: 'BudgetPeriod', description: 'How long it lasts until it begins anew, in UTC; total: it never does' });
export type BudgetPeriod = z.infer<typeof BudgetPeriod>;

const Amount = z
  .object({ usd: z.number().min(0), tokens: z.number().min(0) })
  .meta({ id: 'BudgetAmount', description: 'Money, and input and output tokens together' });

const Tokens = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const bounds = {
  usd: Usd.nullable().meta({ description: 'USD; null: no bound' }),
  tokens: Tokens.nullable().meta({ description: 'Tokens; null: no bound' }),
};

const used = {
  spent: Amount.meta({ description: 'By attempts that are over' }),
  reserved: Amount.meta({ description: 'By attempts that are under way' }),
  warnedAt: Instant.nullable().meta({ description: 'When four fifths of it were spent' }),
  exceededAt: Instant.nullable().meta({ description: 'When something was refused because of it' }),
};

/** What a run may spend, its child runs included. */
export const RunBudget = z
  .object({ ...bounds, ...used })
  .meta({ id: 'RunBudget', description: 'What a run may spend, its child runs included, and how far that is used' });
export type RunBudget = z.infer<typeof RunBudget>;

const whose = {
  key: Id.optional().meta({ description: 'The id of an API key: all that is started with it' }),
  name: BudgetName.optional().meta({ description: 'All runs that name it' }),
};

/** A budget of a tenant, of one of its keys, or one that runs name. */
export const TenantBudget = z
  .object({
    key: Id.exactOptional(),
    name: z.string().exactOptional(),
    period: BudgetPeriod,
    ...bounds,
    ...used,
    updatedAt: Instant,
  })
  .meta({
    id: 'TenantBudget',
    description:
      'A budget of the whole tenant, or of one of its API keys (`key`), or one that runs are charged to by `name`',
  });
export type TenantBudget = z.infer<typeof TenantBudget>;

export const BudgetList = z.object({ items: z.array(TenantBudget) }).meta({ id: 'BudgetList' });
export type BudgetList = z.infer<typeof BudgetList>;

/** The body of `PUT /v1/budgets`. */
export const SetBudget = z
  .strictObject({
    ...whose,
    period: BudgetPeriod.optional(),
    usd: bounds.usd.optional(),
    tokens: bounds.tokens.optional(),
  })
  .refine(({ key, name }) => key === undefined || name === undefined, {
    error: 'a budget is of a key or has a name',
    path: ['name'],
  })
  .refine(({ usd, tokens }) => typeof usd === 'number' || typeof tokens === 'number', {
    error: 'a budget bounds usd, tokens, or both',
    path: ['usd'],
  })
  .meta({
    id: 'SetBudget',
    description:
      'Without `key` and `name` it is the budget of the whole tenant; without `period`, one that never begins anew',
  });
export type SetBudget = z.infer<typeof SetBudget>;

/** The query of `DELETE /v1/budgets`. */
export const BudgetQuery = z.strictObject({ ...whose, period: BudgetPeriod.optional() });
export type BudgetQuery = z.infer<typeof BudgetQuery>;
