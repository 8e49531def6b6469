/** What a screen shows at once, so that it takes one call. */
import { z } from 'zod';

import { MeshMetrics } from './mesh-status.ts';
import { Run } from './run.ts';
import { Task } from './task.ts';
import { Id, Instant, WorkflowVersion } from './wire.ts';

/** The graph of a workflow, or of a run, as data. */
export const GraphDrawing = z
  .object({
    nodes: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        uses: z.string().exactOptional(),
        status: z.string().exactOptional().meta({ description: 'Of its tasks in a run the most telling one' }),
      }),
    ),
    edges: z.array(
      z.object({
        from: z.string().meta({ description: 'A node, or `__start__`' }),
        to: z.string().meta({ description: 'A node, or `__end__`' }),
        kind: z.enum(['plain', 'route', 'goto', 'item']),
        label: z.string().exactOptional().meta({ description: 'When it is taken, if it is not always' }),
        isBack: z.literal(true).exactOptional().meta({ description: 'It leads back to the head of a loop' }),
      }),
    ),
  })
  .meta({ id: 'Graph', description: 'The nodes and edges of a workflow' });
export type GraphDrawing = z.infer<typeof GraphDrawing>;

/** The answer of `GET /v1/runs/{id}/overview`. */
export const RunOverview = z
  .object({
    run: Run,
    graph: GraphDrawing,
    tasks: z.array(Task).meta({ description: 'The first 1,000, in the order in which they became ready' }),
    more: z.boolean().meta({ description: 'Whether there are more tasks; `GET /v1/runs/{id}/tasks` pages them' }),
  })
  .meta({ id: 'RunOverview', description: 'A run with its graph and its tasks' });
export type RunOverview = z.infer<typeof RunOverview>;

const count = (description: string) => z.int().min(0).meta({ description });

/** Dead letters that failed in the same place in the same way. */
export const FailureGroup = z
  .object({
    workflow: WorkflowVersion.shape.name,
    node: z.string(),
    code: z.string(),
    message: z.string().meta({ description: 'Of the latest of them' }),
    count: count('How many of those that were looked at'),
    runId: Id.meta({ description: 'The run of the latest' }),
    at: Instant.nullable(),
  })
  .meta({ id: 'FailureGroup', description: 'Dead letters that failed in the same place in the same way' });
export type FailureGroup = z.infer<typeof FailureGroup>;

const Counted = z.object({
  count: count('At most 200 are counted'),
  more: z.boolean().meta({ description: 'Whether there are more than were counted' }),
});

/** The answer of `GET /v1/overview`. */
export const Overview = z
  .object({
    mesh: MeshMetrics,
    deadLetters: Counted.extend({ groups: z.array(FailureGroup).meta({ description: 'The largest first' }) }),
    interrupts: Counted.meta({ description: 'Questions that wait for answers' }),
    today: z.object({
      attempts: z.number().min(0).meta({ description: 'Attempts that have spent something' }),
      inputTokens: z.number().min(0),
      outputTokens: z.number().min(0),
      usd: z.number().min(0),
    }),
  })
  .meta({ id: 'Overview', description: 'How all is at the moment' });
export type Overview = z.infer<typeof Overview>;
