import { z } from 'zod';
import { Placement, TaskError, Usage } from './error.ts';
import { JsonValue } from './json.ts';
import { pageOf } from './page.ts';
import { Priority } from './policy.ts';
import { Id, Instant } from './wire.ts';

export const TaskStatus = z
  .enum(['pending', 'ready', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled'])
  .meta({ id: 'TaskStatus', description: 'The last four are final' });
export type TaskStatus = z.infer<typeof TaskStatus>;

/** What a waiting task waits for. */
export const TaskWaits = z
  .enum(['retry', 'time', 'signal', 'child', 'items', 'answer', 'child_answer'])
  .meta({ id: 'TaskWaits', description: 'What a waiting task waits for' });
export type TaskWaits = z.infer<typeof TaskWaits>;

export const Task = z
  .object({
    id: Id,
    runId: Id,
    key: z.string().meta({ description: 'Scope path: node#iteration[item]' }),
    node: z.string(),
    iteration: z.int().min(0),
    item: z.int().min(0).exactOptional(),
    status: TaskStatus,
    waits: TaskWaits.exactOptional().meta({ description: 'What it waits for, while it is waiting' }),
    dueAt: Instant.exactOptional().meta({ description: 'When the waiting ends by itself, where that is known' }),
    items: z.int().min(0).exactOptional().meta({ description: 'How many items a send has' }),
    childRunId: Id.exactOptional().meta({ description: 'The run that a subgraph has started' }),
    attempt: z.int().min(0).meta({ description: 'Number of the current handing-out, the fencing token' }),
    failures: z.int().min(0),
    crashes: z.int().min(0),
    maxAttempts: z.int().min(1),
    lane: z.string(),
    priority: Priority,
    worker: z.string().exactOptional(),
    endpoint: z.string().exactOptional().meta({ description: 'Where its last attempt was sent' }),
    placed: Placement.exactOptional(),
    input: JsonValue.optional(),
    output: JsonValue.optional(),
    cached: z.literal(true).exactOptional().meta({ description: 'The output was computed for another task' }),
    error: TaskError.exactOptional(),
    queuedAt: Instant.nullable(),
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    usage: Usage,
  })
  .meta({ id: 'Task', description: 'One activation of a node in a run' });
export type Task = z.infer<typeof Task>;

export const TaskPage = pageOf(Task).meta({ id: 'TaskPage' });
export type TaskPage = z.infer<typeof TaskPage>;
