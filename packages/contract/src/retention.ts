import { z } from 'zod';
import { WorkflowName } from './name.ts';
import { RunStatus } from './run.ts';

/** A hundred years. */
const MAX_AGE_MS = 100 * 365 * 24 * 3_600_000;

const AgeMs = z.int().min(0).max(MAX_AGE_MS);
const Count = z.int().min(0).max(2_147_483_647);

const limits = {
  maxAgeMs: AgeMs.nullable().meta({ description: 'An ended run goes so long after its end; null: never' }),
  maxCount: Count.min(1)
    .nullable()
    .meta({ description: 'So many of the newest ended runs of each workflow stay; null: all' }),
  failedMaxAgeMs: AgeMs.nullable().meta({
    description: 'Failed runs are judged by this age alone, and are not counted; null: as all others',
  }),
  archive: z.boolean().meta({ description: 'What goes is archived first' }),
};

const policy = {
  workflow: WorkflowName.nullable().meta({ description: 'Null: all workflows that have no policy of their own' }),
  ...limits,
};

/** How long ended runs are kept: a run goes as soon as it has passed one of the limits. */
export const RetentionRule = z
  .object(limits)
  .meta({ id: 'RetentionRule', description: 'An ended run goes as soon as it has passed one of these limits' });
export type RetentionRule = z.infer<typeof RetentionRule>;

export const RetentionPolicy = z
  .object(policy)
  .meta({ id: 'RetentionPolicy', description: 'The rule of one workflow, or of all that have none of their own' });
export type RetentionPolicy = z.infer<typeof RetentionPolicy>;

/** The body of `PUT /v1/retention`. */
export const SetRetention = z
  .strictObject(policy)
  .partial()
  .meta({ id: 'SetRetention', description: 'A policy; what is left out is null, and nothing is archived' });
export type SetRetention = z.infer<typeof SetRetention>;

/** The answer of `GET /v1/retention`. */
export const RetentionPolicies = z
  .object({
    items: z.array(RetentionPolicy),
    fallback: RetentionRule.nullable().meta({
      description: 'What holds where no policy does, by the configuration of the server; null: runs are kept for ever',
    }),
  })
  .meta({ id: 'RetentionPolicies', description: 'How long ended runs are kept' });
export type RetentionPolicies = z.infer<typeof RetentionPolicies>;

/** The query of `DELETE /v1/retention`. */
export const RetentionQuery = z.strictObject({
  workflow: WorkflowName.optional().meta({ description: 'Without it: the policy for all workflows' }),
});
export type RetentionQuery = z.infer<typeof RetentionQuery>;

const EndedStatus = RunStatus.extract(['succeeded', 'failed', 'cancelled']);

/** The body of `POST /v1/prune`. */
export const PruneRuns = z
  .strictObject({
    workflow: WorkflowName.optional().meta({ description: 'Only runs of this workflow' }),
    statuses: z.array(EndedStatus).min(1).max(3).optional().meta({ description: 'Only runs that ended like this' }),
    olderThanMs: AgeMs.optional().meta({ description: 'Only runs that ended before that' }),
    keep: Count.optional().meta({ description: 'Not the newest so many of each workflow' }),
    archive: z.boolean().optional().meta({ description: 'Archive them first' }),
    dryRun: z.boolean().optional().meta({ description: 'Only count' }),
  })
  .meta({
    id: 'PruneRuns',
    description: 'Which ended runs are deleted; with neither `olderThanMs` nor `keep` those that the policies let go',
  });
export type PruneRuns = z.infer<typeof PruneRuns>;

/** The answer of `POST /v1/prune`. */
export const PrunedRuns = z
  .object({
    runs: z.int().min(0),
    bytes: z.int().min(0).meta({ description: 'About what they took, without indexes' }),
    archived: z.int().min(0).meta({ description: 'How many of them are in the archive now' }),
    isDone: z.boolean().meta({ description: 'False: the call took long enough, and there is more to be deleted' }),
  })
  .meta({ id: 'PrunedRuns', description: 'What was deleted, or would be' });
export type PrunedRuns = z.infer<typeof PrunedRuns>;

/** The answer of `DELETE /v1/runs/{id}`. */
export const DeletedRun = z
  .object({ runs: z.int().min(1).meta({ description: 'The run and its children' }), bytes: z.int().min(0) })
  .meta({ id: 'DeletedRun', description: 'What was deleted' });
export type DeletedRun = z.infer<typeof DeletedRun>;

/** The answer of `GET /v1/storage`. */
export const Storage = z
  .object({
    bytes: z.int().min(0),
    tables: z.array(
      z.object({
        table: z.string(),
        bytes: z.int().min(0).meta({ description: 'On disk, with indexes' }),
        rows: z.int().min(0).meta({ description: 'About' }),
        deadRows: z.int().min(0).meta({ description: 'About; their room is used again' }),
        partitions: z.int().min(0),
      }),
    ),
  })
  .meta({ id: 'Storage', description: 'What the tables take on disk, the greatest first' });
export type Storage = z.infer<typeof Storage>;
