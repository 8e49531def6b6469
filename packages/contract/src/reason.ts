import { z } from 'zod';
import { JsonRecord } from './json.ts';

/** One reason why a task is where it is. `code` is stable (snake_case). */
export const Reason = z
  .object({ code: z.string(), message: z.string(), details: JsonRecord.exactOptional() })
  .meta({ id: 'Reason', description: 'One reason why a task is where it is' });
export type Reason = z.infer<typeof Reason>;

/** The answer of `GET /v1/tasks/{id}/why`, the most telling reason first. */
export const Reasons = z.object({ reasons: z.array(Reason) }).meta({ id: 'Reasons' });
export type Reasons = z.infer<typeof Reasons>;
