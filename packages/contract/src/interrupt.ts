import { z } from 'zod';
import { JsonRecord } from './json.ts';
import { pageOf } from './page.ts';
import { Id, Instant } from './wire.ts';

/** A question that a run asks and that is not answered yet. */
export const Interrupt = z
  .object({
    id: Id,
    runId: Id.meta({ description: 'The run that asks; for a question shown on a parent, its child' }),
    taskId: Id,
    key: z.string().meta({ description: 'The key of the task that waits' }),
    node: z.string(),
    at: z
      .enum(['node', 'before', 'after'])
      .meta({ description: 'The node itself asks, or a breakpoint before or after it' }),
    message: z.string().nullable(),
    answerSchema: JsonRecord.nullable(),
    createdAt: Instant,
    expiresAt: Instant.nullable(),
  })
  .meta({ id: 'Interrupt', description: 'A question that waits for its answer' });
export type Interrupt = z.infer<typeof Interrupt>;

export const InterruptPage = pageOf(Interrupt).meta({ id: 'InterruptPage' });
export type InterruptPage = z.infer<typeof InterruptPage>;
