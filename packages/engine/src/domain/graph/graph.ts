/**
 * A workflow version, compiled once per process: edges resolved to what a settle follows, expressions compiled, defaults
 * filled in. A graph never changes, so it is shared by all runs of its version.
 */
import type { Join, Json, JsonObject, OnFailure, StateKey, WorkflowDocument } from '@weft/contract';

import type { Condition } from '../expression/condition.ts';
import type { Path } from '../expression/path.ts';
import { compileTemplate } from '../expression/template.ts';
import type { Template } from '../expression/template.ts';
import type { Priority, WorkflowRef } from '../run/records.ts';
import { compileNode, resultReads, stateReads } from './compile-node.ts';
import { documentEdges } from './edges.ts';
import type { Edge } from './edges.ts';
import { loopEdges } from './loops.ts';
import { wire } from './wiring.ts';

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
  type: 'task' | 'route' | 'transform' | 'interrupt' | 'send' | 'subgraph' | 'wait';
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
  /** Edges that leave it, those to `__end__` left out, those that lead back included. */
  out: Edge[];
  /** Edges that count in the join, those from `__start__` included. */
  in: Edge[];
  when: Condition | null;
  on: Condition | null;
  /** The values that a route knows, those that lead to the end included. */
  routeValues: ReadonlySet<string>;
  hasDefault: boolean;
  /**
   * What it renders when it begins: `with` of a task, `updates` of a transform, `message` of an interrupt, `items` of a send,
   * `input` of a subgraph, `until` of a wait.
   */
  template: Template | null;
  /** State keys and nodes that its own expressions read, `when` included; and whether they read `state.__meta`. */
  stateReads: string[];
  resultReads: string[];
  readsMeta: boolean;
  /** What belongs to its type. */
  question: QuestionSpec | null;
  send: SendSpec | null;
  child: ChildSpec | null;
  wait: WaitSpec | null;
  /** Runs when nothing else is left to do. */
  deferred: boolean;
  breaks: { before: boolean; after: boolean };
  /** How often a loop may start it anew; null: as often as `maxSteps` lets it. */
  maxIterations: number | null;
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

/** `default`: the answer at expiry; undefined: it fails then. */
export type QuestionSpec = { answerSchema: JsonObject | null; expiresMs: number | null; default: Json | undefined };

export type SendSpec = { target: string; concurrency: number; failsWithItem: boolean };

/** `version`: null for the newest when the child is started. */
export type ChildSpec = { workflow: string; version: number | null; isAbandoned: boolean };

/** Exactly one of `ms`, an instant (rendered), and `signal` is waited for; `timeoutMs` is the signal's. */
export type WaitSpec = {
  ms: number | null;
  signal: string | null;
  timeoutMs: number;
  payloadSchema: JsonObject | null;
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
  /** Nodes whose results anything reads. */
  readNodes: ReadonlySet<string>;
  /** Edges that lead back. */
  backs: ReadonlySet<Edge>;
  deferred: string[];
  /** Whether tasks may wait for something that a loop or the end of the run must close; and whether it has child runs. */
  hasWaits: boolean;
  hasChildren: boolean;
  /** Every node that a loop to the key would run again, the key included; filled as they are asked for. */
  closures: Map<string, ReadonlySet<string>>;
};

/** Turns a validated document into a graph. Throws ExpressionError if an expression does not compile. */
export function compileGraph(ref: WorkflowRef, document: WorkflowDocument): Graph {
  const edges = documentEdges(document);
  const nodeNames = Object.keys(document.nodes);
  const { backs } = loopEdges(nodeNames, edges);
  const wiring = wire(nodeNames, edges, backs);
  const context = { document, wiring, stateKeys: Object.keys(document.state ?? {}), nodeNames };
  const nodes = new Map(Object.entries(document.nodes).map(([name, node]) => [name, compileNode(name, node, context)]));
  const all = Array.from(nodes.values());
  const targets = new Set(all.flatMap(({ send }) => send?.target ?? []));
  const output = document.output === undefined ? null : compileTemplate(document.output);
  const outputResults = resultReads(output?.references ?? [], nodeNames);
  const top = all.filter(({ name }) => !targets.has(name));
  return {
    ref,
    document,
    nodes,
    starts: top.filter(({ name, inDegree }) => wiring.started.has(name) || inDegree === 0).map(({ name }) => name),
    state: new Map(Object.entries(document.state ?? {})),
    finals: top.filter(({ name, out }) => wiring.ends.has(name) || !out.some(isForward)).map(({ name }) => name),
    output,
    outputReads: { state: stateReads(output?.references ?? [], context.stateKeys), results: outputResults },
    settleReads: new Set([...outputResults, ...all.flatMap(readAtSettle)]),
    readNodes: new Set([...outputResults, ...all.flatMap((node) => node.resultReads)]),
    backs,
    deferred: top.filter(({ deferred }) => deferred).map(({ name }) => name),
    hasWaits: all.some(mayWait),
    hasChildren: all.some(({ child }) => child !== null),
    closures: new Map(),
  };
}

function mayWait({ question, send, child, wait, breaks }: GraphNode): boolean {
  return [question, send, child, wait].some((part) => part !== null) || breaks.before || breaks.after;
}

/** All that lies downstream of a node, the node included: what a loop to it runs again (rule B4). */
export function closureOf(graph: Graph, name: string): ReadonlySet<string> {
  const known = graph.closures.get(name);
  if (known) return known;
  const closure = new Set([name]);
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const member of closure) {
    for (const edge of graph.nodes.get(member)?.out ?? []) if (!graph.backs.has(edge)) closure.add(edge.to);
  }
  graph.closures.set(name, closure);
  return closure;
}

/** A task's own input is rendered by its worker. */
function readAtSettle(node: GraphNode): string[] {
  return node.type === 'task' && !node.when ? [] : node.resultReads;
}

/** A node whose only way on is for its failure leads to the end when it succeeds. */
function isForward(edge: Edge): boolean {
  return edge.kind !== 'goto';
}
