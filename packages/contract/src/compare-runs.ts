/** Two runs beside each other. */
import { z } from 'zod';
import { TaskError, Usage } from './error.ts';
import { JsonValue } from './json.ts';
import { RunStatus } from './run.ts';
import { TaskStatus } from './task.ts';
import { Id, Instant, StepNumber, WorkflowVersion } from './wire.ts';

/** The query of `GET /v1/runs/{id}/compare`. */
export const CompareQuery = z.strictObject({
  other: z.string().meta({ description: 'The run that this one is compared with', format: 'uuid' }),
});
export type CompareQuery = z.infer<typeof CompareQuery>;

const count = (description: string) => z.int().min(0).meta({ description });

const Difference = z.object({
  op: z.enum(['add', 'replace', 'remove']),
  path: z.string(),
  was: JsonValue.exactOptional().meta({ description: 'What was there' }),
  value: JsonValue.exactOptional().meta({ description: 'What is there instead' }),
});

export const Differences = z
  .object({
    items: z.array(Difference).meta({
      description:
        'Operations of a JSON Patch (RFC 6902) that makes the one of the other, the first ones of many; a value of more than 1,000 characters is left out',
    }),
    count: count('How many operations it takes; 0: both are equal'),
  })
  .meta({ id: 'Differences', description: 'What differs between two values' });
export type Differences = z.infer<typeof Differences>;

const ForkedFrom = z.object({ runId: Id, step: StepNumber });

export const ComparedRun = z
  .object({
    id: Id,
    workflow: WorkflowVersion,
    status: RunStatus,
    error: TaskError.nullable(),
    step: StepNumber.meta({ description: 'The number of the last journal step' }),
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    durationMs: z.number().min(0).nullable().meta({ description: 'Null until it has ended' }),
    forkedFrom: ForkedFrom.exactOptional(),
    usage: Usage,
    keptUsage: Usage.meta({ description: 'Of that, what was spent by the run that it was forked from' }),
  })
  .meta({ id: 'ComparedRun', description: 'One of two runs that are compared' });
export type ComparedRun = z.infer<typeof ComparedRun>;

export const ComparedTasks = z
  .object({
    status: TaskStatus.meta({ description: 'The most telling one of its tasks' }),
    tasks: count('How many tasks it has had'),
    kept: count('How many of them were taken over from the run that it was forked from'),
    attempts: count('Attempts of all of them'),
    durationMs: z.number().min(0).meta({ description: 'The time that its tasks took, added up' }),
    usage: Usage,
  })
  .meta({ id: 'ComparedTasks', description: 'What became of a node in a run' });
export type ComparedTasks = z.infer<typeof ComparedTasks>;

export const ComparedNode = z
  .object({
    node: z.string(),
    from: ComparedTasks.nullable(),
    to: ComparedTasks.nullable(),
    outputs: z
      .object({
        equal: count('Tasks whose outputs are equal'),
        different: count('Tasks whose outputs differ'),
        onlyFrom: count('Tasks that have succeeded in `from` alone'),
        onlyTo: count('Tasks that have succeeded in `to` alone'),
        first: z
          .object({ key: z.string(), differences: Differences.exactOptional() })
          .exactOptional()
          .meta({ description: 'The first that differs; without differences if an output is larger than 64 KiB' }),
      })
      .meta({ description: 'Of tasks with the same key; those of a send are those of its items' }),
  })
  .meta({ id: 'ComparedNode', description: 'A node in two runs; null where it has had no task' });
export type ComparedNode = z.infer<typeof ComparedNode>;

export const ComparedDefinition = z
  .object({
    node: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    differences: Differences.exactOptional().meta({ description: 'Of a node that is in both' }),
  })
  .meta({ id: 'ComparedDefinition', description: 'A node whose definition differs' });
export type ComparedDefinition = z.infer<typeof ComparedDefinition>;

export const RunComparison = z
  .object({
    from: ComparedRun,
    to: ComparedRun,
    relation: z.enum(['same', 'fork', 'original', 'siblings', 'none']).meta({
      description:
        '`fork`: `to` comes from `from`; `original`: `from` comes from `to`; `siblings`: both come from a third run',
    }),
    common: ForkedFrom.nullable().meta({
      description: 'The last step that both have in common; step 0: one was started again',
    }),
    workflow: z.object({
      nodes: z.array(ComparedDefinition).meta({ description: 'At most 200' }),
      count: count('How many nodes differ'),
      keys: z.array(z.string()).meta({ description: 'Other parts of the document that differ, such as `state`' }),
    }),
    input: Differences,
    config: Differences,
    state: Differences.nullable().meta({ description: 'Null where one is larger than the 16 MiB that are compared' }),
    output: Differences,
    nodes: z.array(ComparedNode).meta({ description: 'In the order of the graph; at most 500' }),
    nodeCount: count('How many nodes have had a task'),
  })
  .meta({ id: 'RunComparison', description: 'Two runs beside each other; `from` is the one that was asked for' });
export type RunComparison = z.infer<typeof RunComparison>;
