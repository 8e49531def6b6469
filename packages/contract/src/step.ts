import { z } from 'zod';
import { JsonRecord } from './json.ts';
import { pageOf } from './page.ts';
import { Id, Instant, StepNumber } from './wire.ts';

export const StepType = z
  .enum([
    'run_started',
    'task_succeeded',
    'task_failed',
    'task_retried',
    'task_continued',
    'task_skipped',
    'task_waiting',
    'timer_fired',
    'signal',
    'answered',
    'state_injected',
    'cancelled',
    'retried',
    'discarded',
    'replayed',
    'reopened',
    'forked',
    'migrated',
    'superstep',
    'run_ended',
  ])
  .meta({ id: 'StepType' });
export type StepType = z.infer<typeof StepType>;

export const Step = z
  .object({
    runId: Id,
    step: StepNumber,
    parent: StepNumber.meta({ description: 'The step that it follows; 0 for the first' }),
    epoch: z.int().min(0),
    type: StepType,
    node: z.string().exactOptional(),
    taskId: Id.exactOptional(),
    attempt: z.int().min(0).exactOptional(),
    updates: JsonRecord.exactOptional().meta({ description: 'What was written to the state, by key' }),
    facts: JsonRecord.meta({ description: 'What was decided, as the fold applies it' }),
    at: Instant,
    worker: z.string().exactOptional(),
  })
  .meta({ id: 'Step', description: 'One committed change of a run' });
export type Step = z.infer<typeof Step>;

export const StepPage = pageOf(Step).meta({ id: 'StepPage' });
export type StepPage = z.infer<typeof StepPage>;
