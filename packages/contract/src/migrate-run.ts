/** Moving runs to another version of their workflow. */
import { z } from 'zod';
import { WorkflowName } from './name.ts';
import { ProblemItem } from './problem.ts';
import { Id, StepNumber, WorkflowVersion } from './wire.ts';

const Version = WorkflowVersion.shape.version;
const newest = Version.optional().meta({ description: 'The version to move to (the newest)' });

/** The body of `POST /v1/runs/{id}/migrate`, which may be left out. */
export const MigrateRun = z
  .strictObject({
    version: newest,
    dryRun: z.boolean().optional().meta({ description: 'Only say whether the run fits (false)' }),
    ifStep: StepNumber.optional().meta({ description: 'Only if the last step of the run is still this one' }),
  })
  .nullish()
  .meta({ id: 'MigrateRun', description: 'To which version a run moves' });
export type MigrateRun = z.infer<typeof MigrateRun>;

/** Whether a run can move to a version, and what does not fit. Pointers lead into the document of that version. */
export const RunMigration = z
  .object({
    runId: Id,
    from: Version.meta({ description: 'The version that the run follows' }),
    to: Version.meta({ description: 'The version that it is to follow' }),
    step: StepNumber.meta({ description: 'The last step of the run when it was looked at' }),
    fits: z.boolean(),
    migrated: z.boolean().meta({ description: 'Whether it follows the new version now' }),
    problems: z.array(ProblemItem),
  })
  .meta({ id: 'RunMigration', description: 'Whether a run can move to another version' });
export type RunMigration = z.infer<typeof RunMigration>;

/** The body of `POST /v1/workflows/{name}/migrate`. */
export const MigrateWorkflow = z
  .strictObject({
    version: newest,
    dryRun: z.boolean().meta({ description: 'Only say which runs fit; false moves those that do' }),
    from: z
      .array(Version)
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Only runs of these versions (all others)' }),
    limit: z.int().min(1).max(200).optional().meta({ description: 'Runs looked at (50)' }),
    cursor: z.string().min(1).max(1000).optional().meta({ description: 'The nextCursor of the answer before' }),
  })
  .meta({ id: 'MigrateWorkflow', description: 'To which version the live runs of a workflow move' });
export type MigrateWorkflow = z.infer<typeof MigrateWorkflow>;

/** The answer to it: one page of the live runs that follow other versions, newest first; `counts` are of this page. */
export const WorkflowMigration = z
  .object({
    name: WorkflowName,
    to: Version,
    items: z.array(RunMigration),
    counts: z.object({
      runs: z.int().min(0),
      fit: z.int().min(0),
      misfit: z.int().min(0),
      migrated: z.int().min(0),
    }),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'WorkflowMigration', description: 'Which live runs of a workflow fit a version' });
export type WorkflowMigration = z.infer<typeof WorkflowMigration>;
