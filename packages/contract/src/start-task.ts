import { z } from 'zod';
import { JsonValue } from './json.ts';
import { Label, Tags } from './name.ts';
import { Priority } from './policy.ts';
import { TaskStatus } from './task.ts';
import { Id } from './wire.ts';

/** A priority as a word, or as 1 (low), 2 (normal), 3 to 5 (high). */
export const TaskPriority = z
  .union([Priority, z.int().min(1).max(5)])
  .meta({ description: 'A word, or 1 (low), 2 (normal), 3 to 5 (high)' });

/** The body of `POST /v1/tasks`: one call of an executor without a workflow. Without `uses` it is `handler:<agentType>`. */
export const StartTask = z
  .strictObject({
    uses: z.string().min(1).max(200).optional(),
    with: JsonValue.optional(),
    input: JsonValue.optional(),
    priority: TaskPriority.optional(),
    tags: Tags.optional(),
    agentType: Label.optional(),
    payload: JsonValue.optional(),
  })
  .refine((body) => body.uses !== undefined || body.agentType !== undefined, {
    path: ['uses'],
    error: 'either uses or agentType is required',
  })
  .meta({ id: 'StartTask', description: 'One call of an executor without a workflow' });
export type StartTask = z.infer<typeof StartTask>;

/** The answer to a started task. */
export const StartedTask = z.object({ id: Id, runId: Id, status: TaskStatus }).meta({ id: 'StartedTask' });
export type StartedTask = z.infer<typeof StartedTask>;

/** The word for a priority that may be a number. */
export function priorityOf(priority: Priority | number): Priority {
  if (typeof priority !== 'number') return priority;
  if (priority <= 1) return 'low';
  return priority === 2 ? 'normal' : 'high';
}
