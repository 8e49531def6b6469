import { z } from 'zod';
import { DurationMs } from './policy.ts';
import { Instant } from './wire.ts';

const Count = z.int().min(0);
const MOST = 1_000_000;

/** How often something may begin. */
export const Rate = z
  .object({
    count: z.int().min(1).max(MOST).meta({ description: 'So many starts ...' }),
    perMs: DurationMs.min(1).meta({ description: '... in so long, evenly' }),
    burst: z.int().min(1).max(MOST).meta({ description: 'How many of them may come at once' }),
  })
  .meta({ id: 'Rate', description: 'How often tasks may begin' });
export type Rate = z.infer<typeof Rate>;

export const SetRate = z
  .strictObject(Rate.shape)
  .partial({ burst: true })
  .meta({ id: 'SetRate', description: 'How often tasks may begin; without `burst` one at a time' });
export type SetRate = z.infer<typeof SetRate>;

const MaxConcurrent = z
  .int()
  .min(0)
  .max(MOST)
  .nullable()
  .meta({ description: 'Tasks that may be on a lane or at work at once; null: as many as there are' });

const limit = { maxConcurrent: MaxConcurrent, rate: Rate.nullable() };
const setLimit = { maxConcurrent: MaxConcurrent.optional(), rate: SetRate.nullable().optional() };

const inUse = {
  running: Count.meta({ description: 'Tasks that are on a lane or at work now' }),
  waiting: Count.meta({ description: 'Ready tasks that wait in the store; no more than 10,000 are counted' }),
};

const Weight = z
  .int()
  .min(1)
  .max(1000)
  .meta({ description: 'How many tasks are claimed in one turn, where several tenants wait' });

/** The answer of `GET /v1/tenants/{name}`. */
export const TenantLimits = z
  .object({ name: z.string(), weight: Weight, ...limit, ...inUse })
  .meta({ id: 'TenantLimits', description: "A tenant's share and limits, and what it has under way" });
export type TenantLimits = z.infer<typeof TenantLimits>;

export const TenantList = z.object({ items: z.array(TenantLimits) }).meta({ id: 'TenantList' });
export type TenantList = z.infer<typeof TenantList>;

/** The body of `PUT /v1/tenants/{name}`. */
export const SetTenantLimits = z
  .strictObject({ weight: Weight.optional(), ...setLimit })
  .meta({ id: 'SetTenantLimits', description: 'What is left out is no limit, and a weight of 1' });
export type SetTenantLimits = z.infer<typeof SetTenantLimits>;

const Key = z.string().min(1).max(200).meta({
  description: 'A concurrencyKey, or how it begins and `*`: then each key that begins so is limited for itself',
});

export const KeyLimit = z.object({ key: Key, ...limit, ...inUse }).meta({
  id: 'KeyLimit',
  description: 'The limit of the tasks with one key; what is under way is counted over all keys that it speaks for',
});
export type KeyLimit = z.infer<typeof KeyLimit>;

export const KeyLimitList = z.object({ items: z.array(KeyLimit) }).meta({ id: 'KeyLimitList' });
export type KeyLimitList = z.infer<typeof KeyLimitList>;

/** The body of `PUT /v1/limits`. */
export const SetKeyLimit = z
  .strictObject({ key: Key, ...setLimit })
  .meta({ id: 'SetKeyLimit', description: 'It takes the place of the one before' });
export type SetKeyLimit = z.infer<typeof SetKeyLimit>;

/** The query of `DELETE /v1/limits`. */
export const KeyLimitQuery = z.strictObject({ key: Key });
export type KeyLimitQuery = z.infer<typeof KeyLimitQuery>;

/** A lane as `GET /v1/lanes` shows it. */
export const Lane = z
  .object({
    name: z.string(),
    pausedAt: Instant.nullable().meta({ description: 'Nobody claims from it since then; null: it is not paused' }),
    workers: Count.meta({ description: 'Live workers that serve it' }),
    slots: Count.meta({ description: 'Slots of these workers' }),
    offered: Count.meta({ description: 'Tasks on the lane' }),
    waiting: Count.meta({
      description: 'Ready tasks that wait in the store; of each list no more than 10,000 are counted',
    }),
    oldestWaitMs: Count.nullable().meta({
      description: 'How long the oldest of them has been ready; null: there is none',
    }),
    depths: z
      .object({ critical: Count, high: Count, normal: Count, low: Count })
      .meta({ description: 'Offered and waiting, by priority' }),
    tenants: z
      .array(z.object({ tenant: z.string(), offered: Count, waiting: Count }))
      .meta({ description: 'Those with ready tasks, the one with the most first' }),
  })
  .meta({ id: 'Lane', description: 'A lane, what waits for it, and who serves it' });
export type Lane = z.infer<typeof Lane>;

export const LaneList = z.object({ items: z.array(Lane) }).meta({ id: 'LaneList' });
export type LaneList = z.infer<typeof LaneList>;
