import { z } from 'zod';
import { WorkflowName } from './name.ts';

/** An id made by Weft: a UUID that sorts by the time it was made. */
export const Id = z.uuid().meta({ description: 'A UUID that sorts by time' });

/** An instant, ISO 8601 in UTC. */
export const Instant = z.iso.datetime().meta({ description: 'An instant, ISO 8601 in UTC' });

/** The number of a journal step; 0 is before the first one. */
export const StepNumber = z.int().min(0).meta({ description: 'The number of a journal step' });

/** One version of one workflow. */
export const WorkflowVersion = z
  .strictObject({ name: WorkflowName, version: z.int().min(1).max(2_147_483_647) })
  .meta({ id: 'WorkflowVersion', description: 'One version of one workflow' });
export type WorkflowVersion = z.infer<typeof WorkflowVersion>;
