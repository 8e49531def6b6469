import { z } from 'zod';
import { JsonRecord, JsonValue } from './json.ts';
import { NodeName, NodeReference, StateKeyName, Tags, WorkflowName } from './name.ts';
import { Budget, DurationMs, FailureMode, Join, Priority, RetryPolicy } from './policy.ts';
import { StateKey } from './state-key.ts';
import { WorkflowNode } from './workflow-node.ts';

/** What holds for every node that does not say otherwise. Unset: one attempt, 300000 ms, join `all`, priority `normal`. */
export const NodeDefaults = z
  .strictObject({
    timeoutMs: DurationMs.optional(),
    queueTimeoutMs: DurationMs.optional(),
    heartbeatMs: DurationMs.optional(),
    retry: RetryPolicy.optional(),
    priority: Priority.optional(),
    join: Join.optional(),
    onFailure: FailureMode.optional(),
    tags: Tags.optional(),
    lane: z.string().min(1).max(200).optional(),
  })
  .meta({ id: 'NodeDefaults', description: 'What holds for every node that does not say otherwise' });
export type NodeDefaults = z.infer<typeof NodeDefaults>;

/** `[from, to]`; `from` is a node, `__start__`, or `route:value`; `to` is a node or `__end__`. */
export const EdgePair = z
  .tuple([z.string().min(1).max(1500), z.string().min(1).max(200)])
  .meta({ id: 'EdgePair', description: '[from, to]; from may be route:value' });
export type EdgePair = z.infer<typeof EdgePair>;

/**
 * The native workflow document, as its author wrote it: optional fields stay absent, because the document is stored and
 * hashed as written and the engine resolves the defaults.
 */
export const WorkflowDocument = z
  .strictObject({
    name: WorkflowName,
    description: z.string().max(10_000).optional(),
    tags: Tags.optional(),
    input: JsonRecord.optional().meta({ description: 'JSON Schema of the input of a run' }),
    state: z.record(StateKeyName, StateKey).optional(),
    defaults: NodeDefaults.optional(),
    budget: Budget.optional(),
    mode: z
      .enum(['dataflow', 'superstep'])
      .optional()
      .meta({ description: 'How nodes are scheduled: as their edges allow (dataflow), or in rounds (superstep)' }),
    maxSteps: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .meta({ description: 'Bound on loop iterations, or supersteps (1000)' }),
    interruptBefore: z.array(NodeReference).max(10_000).optional(),
    interruptAfter: z.array(NodeReference).max(10_000).optional(),
    output: JsonValue.optional().meta({ description: 'Template of the output of the run' }),
    nodes: z.record(NodeName, WorkflowNode).meta({ minProperties: 1 }),
    edges: z.array(EdgePair).max(1_000_000).optional(),
  })
  .meta({ id: 'WorkflowDocument', description: 'A Weft workflow' });
export type WorkflowDocument = z.infer<typeof WorkflowDocument>;
