import { z } from 'zod';
import { RunBudget } from './budget.ts';
import { TaskError, Usage } from './error.ts';
import { Interrupt } from './interrupt.ts';
import { JsonRecord, JsonValue } from './json.ts';
import { Label, WorkflowName } from './name.ts';
import { pageOf, PageQuery } from './page.ts';
import { Priority } from './policy.ts';
import { RunTrigger } from './run-trigger.ts';
import { Id, Instant, StepNumber, WorkflowVersion } from './wire.ts';

export const RunStatus = z
  .enum(['pending', 'running', 'interrupted', 'succeeded', 'failed', 'cancelled'])
  .meta({ id: 'RunStatus', description: 'The last three are final' });
export type RunStatus = z.infer<typeof RunStatus>;

export const Run = z
  .object({
    id: Id,
    workflow: WorkflowVersion,
    status: RunStatus,
    input: JsonValue,
    config: JsonRecord.exactOptional().meta({ description: 'What it was started with beside the input, if anything' }),
    output: JsonValue.meta({ description: 'Null until the run has succeeded' }),
    state: JsonRecord,
    error: TaskError.nullable(),
    tags: z.array(z.string()),
    priority: Priority,
    step: StepNumber.meta({ description: 'The number of the last journal step' }),
    createdAt: Instant,
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    parent: z.object({ runId: Id, taskId: Id }).exactOptional().meta({ description: 'The task whose child it is' }),
    forkedFrom: z
      .object({ runId: Id, step: StepNumber })
      .exactOptional()
      .meta({ description: 'The checkpoint that it was forked from; step 0: it was started again' }),
    trigger: RunTrigger.exactOptional(),
    usage: Usage,
    budget: RunBudget.exactOptional().meta({ description: 'Of a run that is bounded by itself' }),
    bytes: z.int().min(0).exactOptional().meta({
      description: 'About what it takes in the database, without indexes; only where it is asked for',
    }),
    interrupts: z.array(Interrupt).exactOptional().meta({
      description: 'Open questions of the run, and of children that wait for answers; at most 200',
    }),
  })
  .meta({ id: 'Run', description: 'One execution of one workflow version with one input' });
export type Run = z.infer<typeof Run>;

export const RunPage = pageOf(Run).meta({ id: 'RunPage' });
export type RunPage = z.infer<typeof RunPage>;

/** The query of `GET /v1/runs/{id}`. */
export const ReadRunQuery = z.strictObject({
  include: z.enum(['bytes']).optional().meta({ description: 'What is not told unless it is asked for' }),
});
export type ReadRunQuery = z.infer<typeof ReadRunQuery>;

/** The query of `GET /v1/runs`. */
export const ListRunsQuery = PageQuery.extend({
  status: RunStatus.optional(),
  workflow: WorkflowName.optional(),
  tag: Label.optional(),
  createdAfter: Instant.optional(),
});
export type ListRunsQuery = z.infer<typeof ListRunsQuery>;
