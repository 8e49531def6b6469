import { z } from 'zod';
import { Circuit } from './endpoint.ts';
import { TaskError, Usage } from './error.ts';
import { JsonRecord, JsonValue } from './json.ts';
import { Label, Tags } from './name.ts';
import { Budget, Priority } from './policy.ts';
import { WaitTime } from './start-run.ts';
import { TaskStatus } from './task.ts';
import { Id } from './wire.ts';

/** How urgent it is, in capital letters or small ones; spelled out, since a JSON Schema has no flag for that. */
const DispatchPriority = z
  .string()
  .regex(/^(?:[Cc][Rr][Ii][Tt][Ii][Cc][Aa][Ll]|[Hh][Ii][Gg][Hh]|[Nn][Oo][Rr][Mm][Aa][Ll]|[Ll][Oo][Ww])$/, {
    error: 'must be CRITICAL, HIGH, NORMAL or LOW',
  })
  .meta({ description: 'CRITICAL, HIGH, NORMAL or LOW, in capital letters or small ones (NORMAL)' });

/** The word for it that all else uses. */
export function dispatchPriority(word: string): Priority {
  return Priority.parse(word.toLowerCase());
}

/** The body of `POST /v1/mesh/dispatch`: one task for the endpoint that is best for its type. */
export const MeshDispatch = z
  .strictObject({
    task: z.string().min(1).max(1_000_000).meta({ description: 'What is to be done; it is sent as it is' }),
    taskType: Label.optional().meta({
      description: 'The kind of work; endpoints with this specialty come first (general)',
    }),
    priority: DispatchPriority.optional(),
    tags: Tags.optional().meta({ description: 'Only endpoints with one of these tags' }),
    model: z.string().min(1).max(200).optional().meta({ description: 'Only endpoints with this model' }),
    budget: Budget.optional(),
    wait: WaitTime.optional().meta({ description: 'How long to wait for its end, such as 30s; at most 60s' }),
  })
  .meta({ id: 'MeshDispatch', description: 'One task for the endpoint that is best for its type' });
export type MeshDispatch = z.infer<typeof MeshDispatch>;

const Node = z.string().nullable();

/** What has become of a dispatched task. */
export const DispatchResult = z
  .object({
    taskId: Id,
    runId: Id,
    taskType: z.string(),
    priority: Priority,
    status: TaskStatus,
    selectedNode: Node.meta({ description: 'The endpoint with the best score; null as long as none was chosen' }),
    costOptimalNode: Node.meta({ description: 'The cheapest of those that could take it' }),
    dispatchedTo: Node.meta({ description: 'The endpoint that it was sent to' }),
    circuitState: Circuit.nullable().meta({
      description: 'The circuit of the endpoint that it was sent to, as it is now',
    }),
    success: z.boolean().nullable().meta({ description: 'Null as long as it has not ended' }),
    error: TaskError.nullable(),
    latencyMs: z.number().nullable().meta({ description: 'From ready to ended; null as long as it has not ended' }),
    output: JsonValue,
    usage: Usage,
    why: JsonRecord.nullable().meta({ description: 'The numbers of the choice; null as long as there is none' }),
  })
  .meta({ id: 'DispatchResult', description: 'What has become of a dispatched task' });
export type DispatchResult = z.infer<typeof DispatchResult>;
