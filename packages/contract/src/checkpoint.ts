import { z } from 'zod';
import { Usage } from './error.ts';
import { JsonRecord, JsonValue } from './json.ts';
import { pageOf } from './page.ts';
import { RunStatus } from './run.ts';
import { StepType } from './step.ts';
import { TaskStatus, TaskWaits } from './task.ts';
import { Id, Instant, StepNumber } from './wire.ts';

const CheckpointId = z.string().meta({ description: 'runId@step' });

export const CheckpointSummary = z
  .object({
    id: CheckpointId,
    step: StepNumber,
    parent: StepNumber.meta({ description: 'The step that it follows; 0 for the first' }),
    epoch: z.int().min(0),
    type: StepType,
    node: z.string().exactOptional(),
    taskId: Id.exactOptional(),
    at: Instant,
    status: RunStatus.meta({ description: 'That of the run after the step' }),
  })
  .meta({ id: 'CheckpointSummary', description: 'A run after one of its steps, by name' });
export type CheckpointSummary = z.infer<typeof CheckpointSummary>;

export const CheckpointPage = pageOf(CheckpointSummary).meta({ id: 'CheckpointPage' });
export type CheckpointPage = z.infer<typeof CheckpointPage>;

export const CheckpointTask = z
  .object({
    id: Id,
    key: z.string().meta({ description: 'Scope path: node#iteration[item]' }),
    node: z.string(),
    iteration: z.int().min(0),
    item: z.int().min(0).exactOptional(),
    status: TaskStatus.meta({ description: 'A task that a worker runs is `ready` here: the journal tells outcomes' }),
    waits: TaskWaits.exactOptional().meta({ description: 'What it waits for, while it is waiting' }),
    dueAt: Instant.exactOptional().meta({ description: 'When the waiting ends by itself, where that is known' }),
    attempt: z.int().min(0),
    failures: z.int().min(0),
    crashes: z.int().min(0),
  })
  .meta({ id: 'CheckpointTask', description: 'How far a task was after the step' });
export type CheckpointTask = z.infer<typeof CheckpointTask>;

export const NextUp = z
  .object({
    key: z.string(),
    node: z.string(),
    iteration: z.int().min(0),
    item: z.int().min(0).exactOptional(),
    status: z.enum(['ready', 'waiting', 'pending']),
    waits: TaskWaits.or(z.literal('edges'))
      .exactOptional()
      .meta({ description: 'What it waits for; `edges`: for nodes before it' }),
    dueAt: Instant.exactOptional(),
    edges: z
      .object({ ended: z.int().min(0), total: z.int().min(0) })
      .exactOptional()
      .meta({ description: 'How many of its edges have ended' }),
    items: z
      .object({ begun: z.int().min(0), ended: z.int().min(0) })
      .exactOptional()
      .meta({ description: 'How far a send has come' }),
  })
  .meta({ id: 'NextUp', description: 'What could run next, or what it still waits for' });
export type NextUp = z.infer<typeof NextUp>;

const count = (description: string) => z.int().min(0).meta({ description });

export const Checkpoint = CheckpointSummary.extend({
  runId: Id,
  state: JsonRecord.meta({ description: 'Every declared key that is not ephemeral, as the step has left it' }),
  tasks: z.array(CheckpointTask).meta({ description: 'One page of them, in the order in which they became ready' }),
  nextCursor: z.string().nullable().meta({ description: 'Gives the next page of the tasks; null on the last one' }),
  next: z.array(NextUp).meta({ description: 'At most 200; `counters.next` says how many there are' }),
  counters: z.object({
    tasks: z.record(z.string(), z.int().min(0)).meta({ description: 'How many tasks have each status' }),
    next: count('How many could run next or wait'),
    live: count('Tasks that are ready, running or waiting for what comes by itself'),
    asking: count('Tasks that wait for an answer'),
    failed: count('Tasks that failed without ending the run'),
    openJoins: count('Nodes of which some but not all edges have ended'),
    generations: count('Iterations begun by loops and gotos'),
    keptMail: count('Signals and updates that are kept until they are asked for'),
  }),
}).meta({ id: 'Checkpoint', description: 'A run after one of its steps' });
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The query of `GET /v1/runs/{id}/checkpoints/{step}`: which page of the tasks. */
export const CheckpointQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(200).meta({ description: 'Tasks per page' }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: 'The nextCursor of the page before' }),
});
export type CheckpointQuery = z.infer<typeof CheckpointQuery>;

export const PatchOperation = z
  .discriminatedUnion('op', [
    z.object({ op: z.literal('add'), path: z.string(), value: JsonValue }),
    z.object({ op: z.literal('replace'), path: z.string(), value: JsonValue }),
    z.object({ op: z.literal('remove'), path: z.string() }),
  ])
  .meta({ id: 'PatchOperation', description: 'One operation of a JSON Patch (RFC 6902)' });
export type PatchOperation = z.infer<typeof PatchOperation>;

const CheckpointName = z.object({ id: CheckpointId, runId: Id, step: StepNumber, at: Instant, status: RunStatus });

export const CheckpointDiff = z
  .object({
    from: CheckpointName,
    to: CheckpointName,
    patch: z.array(PatchOperation).meta({ description: 'JSON Patch that makes the state of `to` of that of `from`' }),
    tasks: z.object({
      added: z.array(CheckpointTask),
      removed: z.array(CheckpointTask),
      changed: z.array(z.object({ before: CheckpointTask, after: CheckpointTask })),
      counts: z
        .object({ added: z.int().min(0), removed: z.int().min(0), changed: z.int().min(0) })
        .meta({ description: 'How many there are; each list shows at most 500' }),
    }),
    elapsedMs: z.number().meta({ description: 'Between the two steps; negative where `to` came first' }),
    usage: z
      .object({ from: Usage, to: Usage })
      .meta({ description: 'What each had spent by its step, on the way to it' }),
  })
  .meta({ id: 'CheckpointDiff', description: 'What differs between two checkpoints' });
export type CheckpointDiff = z.infer<typeof CheckpointDiff>;

const StepQuery = z.coerce.number().int().min(1).max(2_147_483_647);

/** The query of `GET /v1/runs/{id}/diff`. */
export const DiffQuery = z.strictObject({
  from: StepQuery.meta({ description: 'A step of this run' }),
  to: StepQuery.meta({ description: 'A step of this run, or of `other`' }),
  other: z.string().optional().meta({ description: 'The run that `to` is a step of', format: 'uuid' }),
});
export type DiffQuery = z.infer<typeof DiffQuery>;
