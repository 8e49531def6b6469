import { z } from 'zod';
import { TaskError } from './error.ts';
import { EventId } from './event.ts';
import { JsonValue } from './json.ts';
import { Tags } from './name.ts';
import { Budget, Usd } from './policy.ts';
import { RunStatus } from './run.ts';
import { Id } from './wire.ts';

/** One step: a prompt for whichever endpoint fits best. Its text is taken as it is; nothing in it is a template. */
export const MeshStep = z
  .strictObject({
    id: z.string().meta({ description: 'Unique among the steps; the name of a node' }),
    prompt: z.string().min(1, { error: 'must not be empty' }).max(1_000_000),
    dependsOn: z
      .array(z.string())
      .max(10_000)
      .optional()
      .meta({ description: 'Ids of steps whose outputs it is given' }),
    model: z.string().min(1).max(200).optional().meta({ description: 'Only endpoints with this model' }),
    tags: Tags.optional().meta({ description: 'Only endpoints with all of these tags' }),
    estimatedCost: Usd.optional().meta({
      description: 'USD; reserved before it begins, and counted where its endpoint says nothing of its cost',
    }),
  })
  .meta({ id: 'MeshStep', description: 'One step: a prompt for whichever endpoint fits best' });
export type MeshStep = z.infer<typeof MeshStep>;

/** The body of `POST /v1/mesh/execute`. Whether the steps fit together is checked as that of a document is. */
export const MeshExecute = z
  .strictObject({
    steps: z.array(MeshStep).meta({ description: 'At least one' }),
    budget: Budget.optional(),
    context: JsonValue.optional().meta({ description: 'What every step is told' }),
  })
  .meta({ id: 'MeshExecute', description: 'Steps with dependencies, what they may spend, and what they all are told' });
export type MeshExecute = z.infer<typeof MeshExecute>;

/** The workflow whose variants are executions. */
export const MESH_WORKFLOW = 'mesh-execute';

/** `main`: the five events that tell an execution; `all`: what is told in between as well. */
export const MeshEvents = z.enum(['main', 'all']).meta({
  description: 'main (default): the five events of an execution; all: what is told in between as well',
});
export type MeshEvents = z.infer<typeof MeshEvents>;

/** The query of `POST /v1/mesh/execute`. */
export const MeshExecuteQuery = z.strictObject({ events: MeshEvents.optional() });

/** The query of `GET /v1/mesh/executions/{id}/events`. */
export const MeshEventsQuery = MeshExecuteQuery.extend({ after: EventId.optional() });

const Cost = z.number().min(0).meta({ description: 'USD' });
const Ms = z.number().min(0).nullable().meta({ description: 'ms; null where it is not known' });
const StepId = z.string();
const execution = { runId: Id };
const step = { ...execution, stepId: StepId };
const place = { model: z.string().nullable(), endpoint: z.string().nullable() };
const spent = { cost: Cost, durationMs: Ms, cumulativeCost: Cost.meta({ description: 'USD, of all steps so far' }) };

/** What the events say; the first five are those of `main`. */
const shapes = {
  'step-started': z.object({
    ...step,
    layer: z.int().min(0).meta({ description: 'The longest way of dependencies that leads to it' }),
    ...place,
  }),
  'step-completed': z.object({ ...step, output: JsonValue, ...place, ...spent }),
  'step-failed': z.object({ ...step, error: TaskError, ...place, ...spent }),
  'budget-exceeded': z.object({
    ...execution,
    unit: z.enum(['usd', 'tokens']),
    limit: z.number(),
    spent: z.number(),
    abortedSteps: z.array(StepId).meta({ description: 'Those that the budget has kept from beginning' }),
  }),
  'workflow-completed': z.object({
    ...execution,
    status: RunStatus,
    results: z.record(StepId, JsonValue).meta({ description: 'Outputs of the steps that have succeeded' }),
    resultsOmitted: z
      .array(StepId)
      .exactOptional()
      .meta({ description: 'Steps whose outputs would make this too large: they stand in their `step-completed`' }),
    totalCost: Cost,
    costs: z.record(StepId, Cost),
    durationMs: Ms,
    layers: z.int().min(1).meta({ description: 'How many steps the longest way of dependencies has' }),
    failedSteps: z.array(StepId),
    skippedSteps: z.array(StepId).meta({ description: 'A step that they depend on has failed' }),
    abortedSteps: z.array(StepId).meta({ description: 'Those that the budget has kept from beginning' }),
    cancelledSteps: z.array(StepId),
  }),
  'model-selected': z.object({ ...step, ...place }),
  'step-retrying': z.object({ ...step, attempt: z.int(), error: TaskError }),
  'step-skipped': z.object({ ...step, reason: z.enum(['dependency_failed', 'budget_exceeded']) }),
  'budget-warning': z.object({ ...execution, unit: z.enum(['usd', 'tokens']), limit: z.number(), spent: z.number() }),
  message: z.object({ ...step, text: z.string() }),
  gap: z.object({ ...execution, after: EventId }),
};

type Shapes = typeof shapes;
export type MeshEventName = keyof Shapes;
/** What an event says. */
export type MeshEventData<Name extends MeshEventName> = z.infer<Shapes[Name]>;
/** An event with its name. */
export type MeshEvent = { [Name in MeshEventName]: { event: Name; data: MeshEventData<Name> } }[MeshEventName];

/** The data of one event; its name is that of the server-sent event. */
export const MeshEventBody = z
  .union(Object.values(shapes) as [Shapes[MeshEventName], ...Shapes[MeshEventName][]])
  .meta({
    id: 'MeshEvent',
    description:
      'In this order: step-started, step-completed, step-failed, budget-exceeded, workflow-completed; with events=all also model-selected, step-retrying, step-skipped, budget-warning, message, gap',
  });
