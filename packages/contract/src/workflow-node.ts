import { z } from 'zod';
import { EndpointName } from './endpoint.ts';
import { JsonRecord, JsonValue } from './json.ts';
import { Label, NodeReference, StateKeyName, Tags, WorkflowName } from './name.ts';
import { DurationMs, Join, OnFailure, Priority, RetryPolicy, Usd } from './policy.ts';

const Text = z.string().max(1_000_000);
const Expression = z.string().min(1, { error: 'must not be empty' }).max(10_000);
const Target = NodeReference.meta({ description: 'A node, or __end__' });

const commonFields = {
  description: z.string().max(10_000).optional(),
  needs: z.array(NodeReference).max(10_000).optional().meta({ description: 'Nodes whose edges lead here' }),
  when: Expression.optional().meta({ description: 'CEL condition: if false, the node is skipped' }),
  join: Join.optional(),
  tags: Tags.optional(),
  lane: Label.optional(),
  priority: Priority.optional(),
  retry: RetryPolicy.optional(),
  timeoutMs: DurationMs.optional().meta({ description: 'From the start of an attempt to its end' }),
  queueTimeoutMs: DurationMs.optional().meta({ description: 'From ready to started' }),
  heartbeatMs: DurationMs.optional().meta({ description: 'The longest silence of a running attempt' }),
  cache: z.strictObject({ ttlMs: DurationMs }).optional(),
  output: StateKeyName.optional().meta({ description: 'The state key that takes the output' }),
  outputMapping: z
    .record(StateKeyName, z.string().max(10_000))
    .optional()
    .meta({ description: 'State key -> path in the output' }),
  onFailure: OnFailure.optional(),
  defer: z.boolean().optional().meta({ description: 'Run when nothing else is left to do' }),
  cost: z
    .strictObject({ usd: Usd.optional(), tokens: z.int().min(0).optional() })
    .optional()
    .meta({
      description: 'What an attempt costs: reserved in the budgets, and counted where its executor does not say',
    }),
  concurrencyKey: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'Limits count its tasks under this key; a template, rendered when a task becomes ready' }),
  maxIterations: z.int().min(1).max(1_000_000).optional(),
};

/** How the endpoint of a node with a prompt is chosen, and what it is asked for beside the prompt. */
export const EndpointChoice = z
  .strictObject({
    pin: EndpointName.optional().meta({ description: 'This one and no other' }),
    prefer: z.array(EndpointName).max(100).optional().meta({ description: 'These first, as long as they are usable' }),
    specialty: Label.optional().meta({ description: 'The kind of work; endpoints with this specialty come first' }),
    strategy: z
      .enum(['score', 'cheapest', 'thompson'])
      .optional()
      .meta({ description: 'By score (default), the cheapest, or by trial with Thompson sampling' }),
    model: z.string().min(1).max(200).optional().meta({ description: 'Only endpoints with this model' }),
    maxOutputTokens: z.int().min(1).max(10_000_000).optional(),
    hedgeMs: DurationMs.min(1).optional().meta({
      description: 'Asks a second endpoint when the first has not answered in so long; only for what may be done twice',
    }),
  })
  .meta({ id: 'EndpointChoice', description: 'How the endpoint of a node with a prompt is chosen' });
export type EndpointChoice = z.infer<typeof EndpointChoice>;

/** What nodes with a prompt have in common. */
const promptFields = {
  system: Text.optional().meta({ description: 'What is said before the prompt; a template' }),
  endpoint: EndpointChoice.optional(),
  outputSchema: JsonRecord.optional().meta({
    description: 'JSON Schema of the answer: one that does not fit is asked for again, twice at most',
  }),
};

export const TaskNode = z
  .strictObject({
    type: z.literal('task'),
    uses: z.string().min(1).max(200).optional().meta({ description: 'The executor, or handler:NAME' }),
    with: JsonValue.optional().meta({ description: 'Input of the executor; templates and references are rendered' }),
    prompt: Text.optional().meta({ description: 'Text for an endpoint chosen by tags; a template' }),
    ...promptFields,
    ...commonFields,
  })
  .meta({ id: 'TaskNode', description: 'One call of an executor or an endpoint' });
export type TaskNode = z.infer<typeof TaskNode>;

const ToolName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/, {
  error: 'the name of a tool has 1 to 64 of a-z A-Z 0-9 _ - and begins with a letter',
});

const SecretOrText = z.union([z.string().max(100_000), z.strictObject({ secret: z.string().min(1).max(100) })]);

/** An MCP server whose tools an agent may ask for. */
const McpTools = z
  .strictObject({
    command: z.array(z.string().max(100_000)).min(1).max(200).optional(),
    env: z.record(z.string(), SecretOrText).optional(),
    cwd: z.string().min(1).optional(),
    url: z.string().min(1).max(10_000).optional(),
    headers: z.record(z.string(), SecretOrText).optional(),
    tools: z.array(z.string().min(1).max(200)).min(1).max(128).optional().meta({ description: 'These and no others' }),
    timeoutMs: DurationMs.min(1).optional().meta({ description: 'The longest silence of a call' }),
  })
  .meta({
    id: 'McpTools',
    description: 'An MCP server, by its command or its URL, and which of its tools are offered',
  });

/** Something an agent may ask for; each call is a run of its own. */
export const AgentTool = z
  .strictObject({
    description: z.string().max(10_000).optional(),
    parameters: JsonRecord.optional().meta({ description: 'JSON Schema of its arguments' }),
    uses: z.string().min(1).max(200).optional().meta({ description: 'An executor, or handler:NAME' }),
    with: JsonValue.optional().meta({ description: 'Fixed input of the executor; the arguments are added to it' }),
    workflow: WorkflowName.optional().meta({ description: 'A workflow, whose input the arguments are' }),
    prompt: Text.optional().meta({ description: 'Asks another endpoint; the arguments are added as JSON' }),
    tags: Tags.optional().meta({ description: 'Of the endpoint that is asked' }),
    endpoint: EndpointChoice.optional(),
    mcp: McpTools.optional().meta({ description: 'Tools of an MCP server, each offered as NAME_TOOL' }),
  })
  .meta({ id: 'AgentTool', description: 'Something an agent may ask for: one of uses, workflow, prompt, mcp' });
export type AgentTool = z.infer<typeof AgentTool>;

export const AgentNode = z
  .strictObject({
    type: z.literal('agent'),
    prompt: Text.meta({ description: 'The first turn; a template' }),
    continuePrompt: Text.optional().meta({
      description: 'Each turn after it; a template that reads the state as it is by then',
    }),
    maxTurns: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'At most so many turns (1; 10 with a continuePrompt or tools)' }),
    turnTimeoutMs: DurationMs.optional().meta({ description: 'From the start of a turn to its answer' }),
    loopTimeoutMs: DurationMs.optional().meta({
      description: 'From the start of the first turn to the end of the last',
    }),
    tools: z
      .record(ToolName, AgentTool)
      .optional()
      .meta({ description: 'What the endpoint may ask to be done, by name' }),
    ...promptFields,
    ...commonFields,
  })
  .meta({ id: 'AgentNode', description: 'A conversation of several turns with one endpoint' });
export type AgentNode = z.infer<typeof AgentNode>;

export const RouteNode = z
  .strictObject({
    type: z.literal('route'),
    on: Expression.meta({ description: 'CEL expression whose value chooses the edge' }),
    routes: z.record(z.string().max(1000), Target).optional().meta({ description: 'Value -> target' }),
    default: Target.optional().meta({ description: 'Target when no value matches' }),
    ...commonFields,
  })
  .meta({ id: 'RouteNode', description: 'Chooses which edges are taken' });
export type RouteNode = z.infer<typeof RouteNode>;

export const TransformNode = z
  .strictObject({
    type: z.literal('transform'),
    updates: z
      .record(StateKeyName, JsonValue)
      .meta({ description: 'State key -> template, reference or { cel: "..." }, applied through the reducers' }),
    ...commonFields,
  })
  .meta({ id: 'TransformNode', description: 'Updates the state without a worker' });
export type TransformNode = z.infer<typeof TransformNode>;

export const InterruptNode = z
  .strictObject({
    type: z.literal('interrupt'),
    message: Text.optional().meta({ description: 'The question, for people; a template' }),
    answerSchema: JsonRecord.optional().meta({ description: 'JSON Schema of the answer' }),
    expiresMs: DurationMs.optional().meta({ description: 'How long the question may stay open (for ever)' }),
    default: JsonValue.optional().meta({
      description: 'The answer once it has expired; without it the node fails with interrupt_expired',
    }),
    ...commonFields,
  })
  .meta({ id: 'InterruptNode', description: 'Waits for an answer from outside' });
export type InterruptNode = z.infer<typeof InterruptNode>;

export const SendNode = z
  .strictObject({
    type: z.literal('send'),
    items: JsonValue.meta({ description: 'A reference to an array, or an array' }),
    target: NodeReference.meta({ description: 'The node that runs once for each item' }),
    concurrency: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .meta({ description: 'How many items may be under way at once (1000)' }),
    onItemFailure: z.enum(['continue', 'fail']).optional().meta({
      description: 'What an item that has finally failed means: null in its place, or the failure of the node (fail)',
    }),
    ...commonFields,
  })
  .meta({ id: 'SendNode', description: 'One task of the target node for each item' });
export type SendNode = z.infer<typeof SendNode>;

export const SubgraphNode = z
  .strictObject({
    type: z.literal('subgraph'),
    workflow: z
      .union([WorkflowName, z.strictObject({ name: WorkflowName, version: z.int().min(1) })])
      .meta({ description: 'A name (the latest version when the child starts), or a name and version' }),
    input: JsonValue.optional().meta({ description: 'Input of the child, a template; without it, {}' }),
    budget: z
      .strictObject({ usd: Usd.optional(), tokens: z.int().min(0).optional() })
      .optional()
      .meta({ description: 'What the child may spend at most, whatever its own document says' }),
    onParentClose: z
      .enum(['cancel', 'abandon'])
      .optional()
      .meta({ description: 'What becomes of a running child when its parent ends early (cancel)' }),
    ...commonFields,
  })
  .meta({ id: 'SubgraphNode', description: 'A child run' });
export type SubgraphNode = z.infer<typeof SubgraphNode>;

export const WaitNode = z
  .strictObject({
    type: z.literal('wait'),
    ms: DurationMs.optional().meta({ description: 'How long to wait' }),
    until: z.string().min(1).max(1000).optional().meta({ description: 'An instant, ISO 8601, or a template of one' }),
    signal: Label.optional().meta({ description: 'The name of the signal; timeoutMs bounds the wait' }),
    payloadSchema: JsonRecord.optional().meta({ description: 'JSON Schema of the payload of the signal' }),
    ...commonFields,
  })
  .meta({ id: 'WaitNode', description: 'Waits for a time or a signal' });
export type WaitNode = z.infer<typeof WaitNode>;

/** A node of any type; `type` decides which fields it takes. */
export const WorkflowNode = z
  .discriminatedUnion('type', [
    TaskNode,
    AgentNode,
    RouteNode,
    TransformNode,
    InterruptNode,
    SendNode,
    SubgraphNode,
    WaitNode,
  ])
  .meta({ id: 'WorkflowNode', description: 'A node of the workflow' });
export type WorkflowNode = z.infer<typeof WorkflowNode>;
export type NodeType = WorkflowNode['type'];
