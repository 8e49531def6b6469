/** Dead letters: failed tasks whose attempts are used up. */
import { z } from 'zod';
import { TaskError } from './error.ts';
import { JsonValue } from './json.ts';
import { NodeReference, WorkflowName } from './name.ts';
import { PageQuery, pageOf } from './page.ts';
import { RunStatus } from './run.ts';
import { TaskStatus } from './task.ts';
import { Id, Instant, WorkflowVersion } from './wire.ts';

export const LetterState = z.enum(['open', 'retried', 'discarded']).meta({
  id: 'LetterState',
  description: '`open` is listed; `retried`: its task goes on, or has ended otherwise since',
});
export type LetterState = z.infer<typeof LetterState>;

export const FailedAttempt = z
  .object({
    attempt: z.int().min(1),
    at: Instant,
    error: TaskError.nullable().meta({ description: 'Null where its worker was lost' }),
  })
  .meta({ id: 'FailedAttempt', description: 'One attempt that came to nothing, as the journal tells' });
export type FailedAttempt = z.infer<typeof FailedAttempt>;

export const DeadLetter = z
  .object({
    taskId: Id,
    runId: Id,
    workflow: WorkflowVersion,
    runStatus: RunStatus,
    parent: z
      .object({ runId: Id, key: z.string() })
      .exactOptional()
      .meta({ description: 'The task whose child its run is' }),
    node: z.string(),
    key: z.string(),
    lane: z.string().nullable(),
    state: LetterState,
    status: TaskStatus.meta({ description: 'Of the task, now' }),
    error: TaskError.nullable().meta({ description: 'Why it has failed; null while it is tried again' }),
    attempt: z.int().min(1),
    failures: z.int().min(0),
    crashes: z.int().min(0),
    attempts: z.array(FailedAttempt).meta({ description: 'The last of them, oldest first' }),
    failedAt: Instant.nullable(),
    edited: z.object({ with: JsonValue, by: z.string().nullable() }).exactOptional().meta({
      description: 'The input that was given to its later attempts, and by whom',
    }),
    discardedBy: z.string().nullable().exactOptional(),
    input: JsonValue.optional().meta({ description: 'What its next attempt would get; of a single letter only' }),
  })
  .meta({ id: 'DeadLetter', description: 'A failed task whose attempts are used up' });
export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetterPage = pageOf(DeadLetter).meta({ id: 'DeadLetterPage' });
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

const filters = {
  workflow: WorkflowName.optional(),
  node: NodeReference.optional(),
  code: z.string().min(1).max(200).optional().meta({ description: 'The code of the error' }),
  lane: z.string().min(1).max(200).optional(),
  run: z.uuid().optional(),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Failed at this instant or later' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Failed before this instant' }),
};

export const LetterFilter = z
  .strictObject(filters)
  .meta({ id: 'LetterFilter', description: 'All of it must hold; nothing: every open letter' });
export type LetterFilter = z.infer<typeof LetterFilter>;

/** The query of `GET /v1/dead-letters`. */
export const LetterQuery = PageQuery.extend(filters);
export type LetterQuery = z.infer<typeof LetterQuery>;

/** The body of `POST /v1/dead-letters/{id}/retry`, which may be left out. */
export const RetryLetter = z
  .strictObject({
    with: JsonValue.optional().meta({
      description:
        'The input of all attempts from now on, instead of what the node renders. No templates; secrets as in `with`',
    }),
  })
  .nullish()
  .meta({ id: 'RetryLetter', description: 'How a dead letter is done again' });
export type RetryLetter = z.infer<typeof RetryLetter>;

/** The body of `POST /v1/dead-letters/retry` and `/discard`, which may be left out. */
export const ManyLetters = z
  .strictObject({
    filter: LetterFilter.optional(),
    limit: z.int().min(1).max(1000).default(100).meta({ description: 'Letters at most, those that failed last first' }),
    dryRun: z.boolean().default(false).meta({ description: 'Only say which they are' }),
  })
  .nullish()
  .meta({ id: 'ManyLetters', description: 'Which dead letters are meant' });
export type ManyLetters = z.infer<typeof ManyLetters>;

export const LetterResult = z
  .object({
    taskId: Id,
    runId: Id,
    node: z.string(),
    done: z.boolean(),
    reason: z.string().exactOptional().meta({ description: 'Why it was left as it is' }),
  })
  .meta({ id: 'LetterResult' });
export type LetterResult = z.infer<typeof LetterResult>;

export const LetterResults = z
  .object({
    done: z.int().min(0).meta({ description: 'How many; with `dryRun` none' }),
    items: z.array(LetterResult),
    more: z.boolean().meta({ description: 'The limit has left some out' }),
  })
  .meta({ id: 'LetterResults', description: 'What became of each letter' });
export type LetterResults = z.infer<typeof LetterResults>;
