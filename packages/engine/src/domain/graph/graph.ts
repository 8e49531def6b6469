/**
 * A workflow version, compiled once per process: edges resolved to what a settle follows, expressions compiled, defaults
 * filled in. A graph never changes, so it is shared by all runs of its version.
 */
import type { Join, OnFailure, RetryPolicy, StateKey, WorkflowDocument, WorkflowNode } from '@weft/contract';

import { compileCondition } from '../expression/condition.ts';
import type { Condition } from '../expression/condition.ts';
import { parsePath } from '../expression/path.ts';
import type { Path } from '../expression/path.ts';
import type { Reference } from '../expression/scope.ts';
import { compileTemplate, compileUpdates } from '../expression/template.ts';
import type { Template } from '../expression/template.ts';
import type { Priority, WorkflowRef } from '../run/records.ts';
import { documentEdges } from './edges.ts';
import type { Edge } from './edges.ts';
import { wire } from './wiring.ts';
import type { Wiring } from './wiring.ts';

export type ResolvedRetry = {
  maxAttempts: number;
  initialMs: number;
  factor: number;
  maxMs: number;
  onCrash: 'retry' | 'fail';
  retryOn: string[] | null;
};

export type GraphNode = {
  name: string;
  type: 'task' | 'route' | 'transform';
  /** The executor; only tasks have one. */
  uses: string | null;
  join: Join;
  /** Edges that count in the join. */
  inDegree: number;
  /**
   * Whether the edges that have ended are counted in a row of its own. A single edge needs no count, unless the node
   * fires however that edge ends: then it must be known that it has fired when the edge ends again in a retried run.
   */
  countsEdges: boolean;
  /** Edges that leave it, those to `__end__` left out. */
  out: Edge[];
  when: Condition | null;
  on: Condition | null;
  /** The values that a route knows, those that lead to the end included. */
  routeValues: ReadonlySet<string>;
  hasDefault: boolean;
  /** `with` of a task, `updates` of a transform. */
  template: Template | null;
  /** State keys and nodes that its own expressions read, `when` included. */
  stateReads: string[];
  resultReads: string[];
  retry: ResolvedRetry;
  timeoutMs: number;
  queueTimeoutMs: number | null;
  heartbeatMs: number | null;
  /** Null: every task runs its executor. */
  cacheTtlMs: number | null;
  lane: string;
  /** Null: the run's. */
  priority: Priority | null;
  onFailure: OnFailure;
  output: string | null;
  outputMapping: [channel: string, path: Path][];
};

export type Graph = {
  ref: WorkflowRef;
  document: WorkflowDocument;
  nodes: ReadonlyMap<string, GraphNode>;
  /** Nodes whose activation begins with the run, and those that count an edge from `__start__` among others. */
  starts: string[];
  state: ReadonlyMap<string, StateKey>;
  /** Nodes that lead to the end. */
  finals: string[];
  output: Template | null;
  outputReads: { state: string[]; results: string[] };
  /** Nodes whose results are read when others settle: by routes, transforms and conditions, and by the output. */
  settleReads: ReadonlySet<string>;
};

const PRIORITIES = { critical: 0, high: 1, normal: 2, low: 3 } as const;
const DEFAULT_TIMEOUT_MS = 300_000;

/** Turns a validated document into a graph. Throws ExpressionError if an expression does not compile. */
export function compileGraph(ref: WorkflowRef, document: WorkflowDocument): Graph {
  const edges = documentEdges(document);
  const wiring = wire(Object.keys(document.nodes), edges);
  const state = new Map(Object.entries(document.state ?? {}));
  const context = { document, wiring, stateKeys: [...state.keys()], nodeNames: Object.keys(document.nodes) };
  const nodes = new Map(Object.entries(document.nodes).map(([name, node]) => [name, compileNode(name, node, context)]));
  const output = document.output === undefined ? null : compileTemplate(document.output);
  const outputResults = resultReads(output?.references ?? [], context.nodeNames);
  return {
    ref,
    document,
    nodes,
    starts: context.nodeNames.filter((name) => wiring.started.has(name) || !wiring.inbound.get(name)),
    state,
    finals: context.nodeNames.filter((name) => wiring.ends.has(name) || !wiring.outbound.get(name)?.some(isForward)),
    output,
    outputReads: {
      state: stateReads(output?.references ?? [], context.stateKeys),
      results: outputResults,
    },
    settleReads: new Set([...outputResults, ...Array.from(nodes.values()).flatMap(readAtSettle)]),
  };
}

/** A task's own input is rendered by its worker. */
function readAtSettle(node: GraphNode): string[] {
  return node.type === 'task' && !node.when ? [] : node.resultReads;
}

/** The number that stands for a named priority. */
export function priorityLevel(name: keyof typeof PRIORITIES): Priority {
  return PRIORITIES[name];
}

export function priorityName(level: Priority): keyof typeof PRIORITIES {
  return (['critical', 'high', 'normal', 'low'] as const)[level];
}

/** A node whose only way on is for its failure leads to the end when it succeeds. */
function isForward(edge: Edge): boolean {
  return edge.kind !== 'goto';
}

type NodeContext = { document: WorkflowDocument; wiring: Wiring; stateKeys: string[]; nodeNames: string[] };

function compileNode(name: string, node: WorkflowNode, context: NodeContext): GraphNode {
  if (node.type !== 'task' && node.type !== 'route' && node.type !== 'transform') {
    throw new Error(`a node of type ${node.type} cannot be compiled`);
  }
  const defaults = context.document.defaults ?? {};
  const when = node.when === undefined ? null : compileCondition(node.when);
  const on = node.type === 'route' ? compileCondition(node.on) : null;
  const template = compileInput(node);
  const references = [...(when?.references ?? []), ...(on?.references ?? []), ...(template?.references ?? [])];
  const join = node.join ?? defaults.join ?? 'all';
  const inDegree = context.wiring.inbound.get(name) ?? 0;
  return {
    name,
    type: node.type,
    uses: node.type === 'task' ? (node.uses ?? null) : null,
    join,
    inDegree,
    countsEdges: inDegree > 1 || (inDegree === 1 && join === 'allDone'),
    out: context.wiring.outbound.get(name) ?? [],
    when,
    on,
    routeValues: context.wiring.routeValues.get(name) ?? new Set(),
    hasDefault: context.wiring.defaults.has(name),
    template,
    stateReads: stateReads(references, context.stateKeys),
    resultReads: resultReads(references, context.nodeNames),
    retry: resolveRetry({ ...defaults.retry, ...node.retry }),
    timeoutMs: node.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    queueTimeoutMs: node.queueTimeoutMs ?? defaults.queueTimeoutMs ?? null,
    heartbeatMs: node.heartbeatMs ?? defaults.heartbeatMs ?? null,
    cacheTtlMs: node.cache?.ttlMs ?? null,
    lane: laneOf(node, defaults),
    priority: node.priority === undefined ? null : priorityLevel(node.priority),
    onFailure: node.onFailure ?? defaults.onFailure ?? 'failRun',
    output: node.output ?? null,
    outputMapping: Object.entries(node.outputMapping ?? {}).map(([channel, path]) => [channel, parsePath(path)]),
  };
}

function compileInput(node: WorkflowNode): Template | null {
  if (node.type === 'transform') return compileUpdates(node.updates);
  if (node.type === 'task') return compileTemplate(node.with ?? {});
  return null;
}

function resolveRetry(retry: RetryPolicy): ResolvedRetry {
  return {
    maxAttempts: retry.maxAttempts ?? 1,
    initialMs: retry.initialMs ?? 500,
    factor: retry.factor ?? 2,
    maxMs: retry.maxMs ?? 30_000,
    onCrash: retry.onCrash ?? 'retry',
    retryOn: retry.retryOn ?? null,
  };
}

/** A handler's tasks have a lane of their own, whatever the node says, so that only workers that have it claim them. */
function laneOf(node: WorkflowNode, defaults: NonNullable<WorkflowDocument['defaults']>): string {
  if (node.type === 'task' && node.uses?.startsWith('handler:')) return node.uses;
  if (node.lane) return node.lane;
  if (defaults.lane) return defaults.lane;
  const tags = node.tags ?? defaults.tags ?? [];
  return tags.length > 0 ? Array.from(new Set(tags)).toSorted().join('+') : 'default';
}

/** The declared keys among the references; the whole state, where an expression picks keys by itself. */
function stateReads(references: Reference[], declared: string[]): string[] {
  return pick(references, 'state', declared);
}

function resultReads(references: Reference[], names: string[]): string[] {
  return pick(references, 'nodes', names);
}

function pick(references: Reference[], root: Reference['root'], known: string[]): string[] {
  const ours = references.filter((reference) => reference.root === root);
  if (ours.some((reference) => reference.path.length === 0)) return known;
  const named = new Set(ours.map((reference) => String(reference.path[0])));
  return known.filter((name) => named.has(name));
}
