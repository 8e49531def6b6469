import { z } from 'zod';
import { JsonRecord } from './json.ts';

/** What a task or a run cost outside; zero where it is not known. */
export const Usage = z
  .object({
    inputTokens: z.number().min(0),
    outputTokens: z.number().min(0),
    usd: z.number().min(0),
  })
  .meta({ id: 'Usage', description: 'What it cost outside; zero where it is not known' });
export type Usage = z.infer<typeof Usage>;

/** Which endpoint an attempt was sent to, and why that one. */
export const Placement = z
  .object({
    endpoint: z.string(),
    model: z.string().nullable(),
    why: JsonRecord.meta({ description: 'The numbers that decided, of this one and of those that were passed over' }),
  })
  .meta({ id: 'Placement', description: 'Which endpoint an attempt was sent to, and why that one' });
export type Placement = z.infer<typeof Placement>;

/** Why an attempt, a task or a run failed. `code` is stable (snake_case); `details` is small and safe to show. */
export const TaskError = z
  .object({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    details: JsonRecord.exactOptional(),
  })
  .meta({ id: 'Error', description: 'Why an attempt, a task or a run failed' });
export type TaskError = z.infer<typeof TaskError>;
