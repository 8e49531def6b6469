import { z } from 'zod';
import { JsonValue } from './json.ts';
import { Id, Instant, StepNumber } from './wire.ts';

/** What a listener asks for; each event belongs to one mode. */
export const EventMode = z
  .enum(['values', 'updates', 'tasks', 'debug', 'custom', 'messages', 'checkpoints'])
  .meta({ id: 'EventMode' });
export type EventMode = z.infer<typeof EventMode>;

/** One thing that happened in a run. With `n` it is live only and stands between two steps. */
export const Event = z
  .object({
    runId: Id,
    step: StepNumber,
    n: z.int().min(1).exactOptional(),
    mode: EventMode,
    type: z.string(),
    at: Instant,
    data: JsonValue,
  })
  .meta({ id: 'Event', description: 'One thing that happened in a run' });
export type Event = z.infer<typeof Event>;

/** The query of `GET /v1/runs/{id}/events`: modes as a comma-separated list, and the last step that is known. */
export const EventsQuery = z.strictObject({
  modes: z
    .string()
    .max(200)
    .transform((text) => text.split(',').map((mode) => mode.trim()))
    .pipe(z.array(EventMode).min(1))
    .optional(),
  after: z
    .string()
    .regex(/^\d{1,15}(\.\d{1,15})?$/, { error: 'must be a step number, such as 12 or 12.3' })
    .optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;
