import { z } from 'zod';
import { Label, NodeName } from './name.ts';

/** The longest time a timer can hold (2^31 - 1 ms, about 24.8 days). */
export const MAX_MS = 2_147_483_647;

/** A duration in milliseconds, at least 1. */
export const DurationMs = z.int().min(1).max(MAX_MS).meta({ description: 'A duration in milliseconds' });

/** How urgent a task is on its lane. */
export const Priority = z
  .enum(['critical', 'high', 'normal', 'low'])
  .meta({ id: 'Priority', description: 'How urgent a task is on its lane' });
export type Priority = z.infer<typeof Priority>;

/** When a failed task is tried again. Unset: one attempt, first pause 500 ms, doubled each time, at most 30 s. */
export const RetryPolicy = z
  .strictObject({
    maxAttempts: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Failed outcomes before the task has failed (1)' }),
    initialMs: DurationMs.optional().meta({ description: 'Upper bound of the first pause (500)' }),
    factor: z.number().min(1).max(100).optional().meta({ description: 'Growth of the bound per attempt (2)' }),
    maxMs: DurationMs.optional().meta({ description: 'Upper bound of any pause (30000)' }),
    onCrash: z
      .enum(['retry', 'fail'])
      .optional()
      .meta({ description: 'What a lost worker means: hand the task out anew, or fail it because it must not repeat' }),
    retryOn: z.array(Label).max(100).optional().meta({ description: 'Retry these error codes only' }),
  })
  .meta({ id: 'RetryPolicy', description: 'When a failed task is tried again, with full jitter' });
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** When a node with several inbound edges fires (rule B2). */
export const Join = z
  .enum(['all', 'any', 'allDone'])
  .meta({ id: 'Join', description: 'When a node with several inbound edges fires' });
export type Join = z.infer<typeof Join>;

/** What a task that has finally failed means for its run. */
export const OnFailure = z
  .union([
    z.enum(['failRun', 'skipDependents', 'continue']),
    z.strictObject({ goto: NodeName }).meta({ description: 'Go on at this node' }),
  ])
  .meta({ id: 'OnFailure', description: 'What a task that has finally failed means for its run' });
export type OnFailure = z.infer<typeof OnFailure>;

/** A bound on what a run may spend. */
export const Budget = z
  .strictObject({
    usd: z.number().min(0).optional(),
    tokens: z.int().min(0).optional(),
    onExceeded: z.enum(['fail', 'interrupt']).optional(),
  })
  .meta({ id: 'Budget', description: 'A bound on what a run may spend' });
export type Budget = z.infer<typeof Budget>;
