import { z } from 'zod';
import { WorkflowName } from './name.ts';
import { Id } from './wire.ts';

/** By what costs may be summed. */
export const CostDimension = z
  .enum(['day', 'workflow', 'key', 'budget', 'endpoint', 'model', 'run', 'task', 'tenant'])
  .meta({ id: 'CostDimension', description: 'By what costs are summed' });
export type CostDimension = z.infer<typeof CostDimension>;

const Day = z.iso.date().meta({ description: 'A day of UTC, such as 2026-11-28' });

/** The query of `GET /v1/costs`. */
export const CostsQuery = z.strictObject({
  groupBy: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(CostDimension).min(1).max(4))
    .optional()
    .meta({ description: 'One or more of day workflow key budget endpoint model run task tenant, with commas (day)' }),
  from: Day.optional().meta({ description: 'The first day (29 days before the last)' }),
  to: Day.optional().meta({ description: 'The last day (today)' }),
  workflow: WorkflowName.optional(),
  run: Id.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional().meta({ description: 'Items at most (100)' }),
});
export type CostsQuery = z.infer<typeof CostsQuery>;

const sums = {
  attempts: z.number().min(0).meta({ description: 'Attempts that have spent something' }),
  inputTokens: z.number().min(0),
  outputTokens: z.number().min(0),
  usd: z.number().min(0),
};

const Named = z.string().nullable().exactOptional();

/** What was spent under one name of each dimension that was asked for; null where there is none, or nobody knows it any more. */
export const CostItem = z
  .object({
    day: Named,
    workflow: Named,
    key: Named.meta({ description: 'The id of the API key that has started the run' }),
    budget: Named.meta({ description: 'The budget that the run names' }),
    endpoint: Named,
    model: Named,
    run: Named,
    task: Named.meta({ description: 'The key of the task' }),
    tenant: Named,
    ...sums,
  })
  .meta({ id: 'CostItem', description: 'What was spent under one name of each dimension that was asked for' });
export type CostItem = z.infer<typeof CostItem>;

export const Costs = z
  .object({
    from: z.string(),
    to: z.string(),
    total: z.object(sums).meta({ description: 'All that was spent in these days, items that are not shown included' }),
    items: z.array(CostItem).meta({ description: 'Days in order, all else by what it cost, the dearest first' }),
    more: z.boolean().meta({ description: 'Whether there are more than `limit`' }),
  })
  .meta({ id: 'Costs', description: 'What was spent, in money and tokens' });
export type Costs = z.infer<typeof Costs>;
