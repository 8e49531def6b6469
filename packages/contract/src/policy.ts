import { z } from 'zod';
import { Label, NodeReference } from './name.ts';

/** The longest time a timer can hold (2^31 - 1 ms, about 24.8 days). */
export const MAX_MS = 2_147_483_647;

/** A duration in milliseconds, at least 1. */
export const DurationMs = z.int().min(1).max(MAX_MS).meta({ description: 'A duration in milliseconds' });

/** How urgent a task is on its lane. */
export const Priority = z
  .enum(['critical', 'high', 'normal', 'low'])
  .meta({ id: 'Priority', description: 'How urgent a task is on its lane' });
export type Priority = z.infer<typeof Priority>;

/** An error code, or how it begins and `*`. */
const ErrorCode = Label.meta({ description: 'An error code, or how it begins and *' });

const pause = {
  initialMs: DurationMs.optional().meta({ description: 'Upper bound of the first pause (500)' }),
  factor: z.number().min(1).max(100).optional().meta({ description: 'Growth of the bound per attempt (2)' }),
  maxMs: DurationMs.optional().meta({ description: 'Upper bound of any pause (30000)' }),
  minMs: DurationMs.optional().meta({ description: 'Lower bound of any pause (0)' }),
};

/** The pause after errors of one kind; what is left out is as for the others. */
export const RetryPause = z
  .strictObject(pause)
  .meta({ id: 'RetryPause', description: 'The pause after errors of one kind; what is left out is as for the others' });
export type RetryPause = z.infer<typeof RetryPause>;

/** When a failed task is tried again. Unset: one attempt, first pause 500 ms, doubled each time, at most 30 s. */
export const RetryPolicy = z
  .strictObject({
    maxAttempts: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Failed outcomes before the task has failed (1)' }),
    ...pause,
    onCrash: z
      .enum(['retry', 'fail'])
      .optional()
      .meta({ description: 'What a lost worker means: hand the task out anew, or fail it because it must not repeat' }),
    retryOn: z.array(ErrorCode).max(100).optional().meta({ description: 'Retry these error codes only' }),
    neverOn: z.array(ErrorCode).max(100).optional().meta({ description: 'Never retry these error codes' }),
    perError: z
      .record(ErrorCode, RetryPause)
      .optional()
      .meta({ description: 'Other pauses after some errors, by code; the longest that fits counts' }),
    maxElapsedMs: DurationMs.optional().meta({
      description: 'No attempt begins later than so long after the begin of the first one that failed',
    }),
  })
  .meta({ id: 'RetryPolicy', description: 'When a failed task is tried again, with full jitter' });
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** When a node with several inbound edges fires (rule B2). */
export const Join = z
  .enum(['all', 'any', 'allDone'])
  .meta({ id: 'Join', description: 'When a node with several inbound edges fires' });
export type Join = z.infer<typeof Join>;

/** `failRun` ends the run, `skipDependents` only the branch, `continue` goes on with the output null. */
export const FailureMode = z
  .enum(['failRun', 'skipDependents', 'continue'])
  .meta({ id: 'FailureMode', description: 'What a task that has finally failed means for its run' });
export type FailureMode = z.infer<typeof FailureMode>;

/** What a task that has finally failed means for its run; `goto` takes an edge of its own to another node. */
export const OnFailure = z
  .union([FailureMode, z.strictObject({ goto: NodeReference })])
  .meta({ id: 'OnFailure', description: 'failRun (default), skipDependents, continue, or the node to go on at' });
export type OnFailure = z.infer<typeof OnFailure>;

/** An amount of money; it is kept with nine decimal places. */
export const Usd = z.number().min(0).max(1_000_000).meta({ description: 'USD' });

/** The name of a budget that several runs are charged to. */
export const BudgetName = Label.meta({ description: 'The name of a budget of the tenant' });

/** A bound on what a run may spend. */
export const Budget = z
  .strictObject({
    usd: Usd.optional().meta({ description: 'USD, its child runs included' }),
    tokens: z.int().min(0).optional().meta({ description: 'Input and output together, its child runs included' }),
    name: BudgetName.optional().meta({ description: 'A budget of the tenant that is charged as well' }),
    onExceeded: z.enum(['fail', 'interrupt', 'fallback']).optional().meta({
      description:
        'fail (default): the task fails; interrupt: it asks people for more; fallback: something cheaper may be taken before it fails',
    }),
  })
  .meta({ id: 'Budget', description: 'A bound on what a run may spend' });
export type Budget = z.infer<typeof Budget>;
