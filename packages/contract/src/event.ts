import { z } from 'zod';
import { JsonValue } from './json.ts';
import { Id, Instant, StepNumber } from './wire.ts';

/**
 * What a listener asks for; each event belongs to one mode. Of steps: `values` the state after it, `updates` what it wrote,
 * `tasks` which tasks became ready and what came of others, `checkpoints` its summary, `debug` both of these and all that it
 * says. Between steps: `custom` and `messages` what executors tell while they run, `tasks` that they began and how far they are.
 */
export const EventMode = z
  .enum(['values', 'updates', 'tasks', 'debug', 'custom', 'messages', 'checkpoints'])
  .meta({ id: 'EventMode' });
export type EventMode = z.infer<typeof EventMode>;

/** Where an event stands: the number of its step, or with `.` and a number what stands between that and the next. */
export const EventId = z
  .string()
  .max(31)
  .regex(/^\d{1,15}(\.\d{1,15})?$/, { error: 'must be the id of an event, such as 12 or 12.3' })
  .meta({ id: 'EventId' });
export type EventId = z.infer<typeof EventId>;

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

/** Live events behind `after` are missing: they are not held any more, or may have got lost. Steps never are. */
export const EventGap = z
  .object({ runId: Id, after: EventId })
  .meta({ id: 'EventGap', description: 'Live events are missing here' });
export type EventGap = z.infer<typeof EventGap>;

/** The query of `GET /v1/runs/{id}/events`: modes as a comma-separated list, and the last event that is known. */
export const EventsQuery = z.strictObject({
  modes: z
    .string()
    .max(200)
    .transform((text) => text.split(',').map((mode) => mode.trim()))
    .pipe(z.array(EventMode).min(1))
    .optional(),
  after: EventId.optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;
