/** Runs that go on from a checkpoint, and runs that begin again. */
import { z } from 'zod';
import { JsonRecord, JsonValue } from './json.ts';
import { NodeReference, Tags } from './name.ts';
import { StepNumber } from './wire.ts';

const stateChanges = {
  stateOverrides: JsonRecord.optional().meta({ description: 'State key -> value that replaces what the key held' }),
  stateUpdates: JsonRecord.optional().meta({
    description: 'State key -> update, applied through its reducer, after the overrides',
  }),
};

const Version = z.int().min(1).max(2_147_483_647);

/** The body of `POST /v1/runs/{id}/replay`. */
export const ReplayRun = z
  .strictObject({ step: StepNumber.min(1).meta({ description: 'The step to go on from' }), ...stateChanges })
  .meta({ id: 'ReplayRun', description: 'Which checkpoint a run goes on from' });
export type ReplayRun = z.infer<typeof ReplayRun>;

/** The body of `POST /v1/runs/{id}/fork`, which may be left out. */
export const ForkRun = z
  .strictObject({
    step: StepNumber.min(1)
      .optional()
      .meta({ description: 'The step to go on from; the last one where it is left out' }),
    ...stateChanges,
    nodeOverrides: z.record(NodeReference, JsonRecord).optional().meta({
      description: 'Node -> JSON Merge Patch (RFC 7396) of its definition, such as { with: { model: "large" } }',
    }),
    version: Version.optional().meta({ description: 'Another version of the workflow' }),
    tags: Tags.optional().meta({ description: 'Instead of those of the run' }),
  })
  .nullish()
  .meta({ id: 'ForkRun', description: 'Where another run goes on, and with what changed' });
export type ForkRun = z.infer<typeof ForkRun>;

/** The body of `POST /v1/runs/{id}/rerun`, which may be left out. */
export const RerunRun = z
  .strictObject({
    input: JsonValue.optional().meta({ description: 'Instead of that of the run' }),
    config: JsonRecord.optional().meta({ description: 'Instead of that of the run' }),
    version: Version.optional().meta({ description: 'Another version of the workflow' }),
    tags: Tags.optional().meta({ description: 'Instead of those of the run' }),
  })
  .nullish()
  .meta({ id: 'RerunRun', description: 'What is changed in a run that begins again' });
export type RerunRun = z.infer<typeof RerunRun>;
