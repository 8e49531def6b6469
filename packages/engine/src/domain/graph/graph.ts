/**
 * A workflow version, compiled once per process: edges resolved to what a settle follows, expressions compiled, defaults
 * filled in. A graph never changes, so it is shared by all runs of its version.
 */
import type { StateKey, WorkflowDocument } from '@weft/contract';

import { compileTemplate } from '../expression/template.ts';
import type { Template } from '../expression/template.ts';
import type { WorkflowRef } from '../run/records.ts';
import { compileNode, readsBody, resultReads, stateReads } from './compile-node.ts';
import { documentEdges } from './edges.ts';
import type { Edge } from './edges.ts';
import type { GraphNode } from './graph-node.ts';
import { loopEdges } from './loops.ts';
import { compileSuperstep, superstepStarts } from './superstep.ts';
import type { SuperstepGraph } from './superstep.ts';
import { wire } from './wiring.ts';

export type { GraphNode, ResolvedRetry } from './graph-node.ts';

export type Graph = {
  ref: WorkflowRef;
  document: WorkflowDocument;
  nodes: ReadonlyMap<string, GraphNode>;
  /** Nodes whose activation begins with the run, and those that count an edge from `__start__` among others. */
  starts: string[];
  state: ReadonlyMap<string, StateKey>;
  /** Nodes that run for the items of sends. */
  sendTargets: ReadonlySet<string>;
  /** Nodes that lead to the end. */
  finals: string[];
  output: Template | null;
  outputReads: { state: string[]; results: string[]; body: boolean };
  /** Nodes whose results are read when others settle: by routes, transforms and conditions, and by the output. */
  settleReads: ReadonlySet<string>;
  /** Nodes whose results anything reads. */
  readNodes: ReadonlySet<string>;
  /** Tasks whose outputs nothing reads but inputs of other tasks: a large one may be kept elsewhere. */
  keptNodes: ReadonlySet<string>;
  /** Edges that lead back. */
  backs: ReadonlySet<Edge>;
  deferred: string[];
  /** Whether tasks may wait for something that a loop or the end of the run must close; and whether it has child runs. */
  hasWaits: boolean;
  hasChildren: boolean;
  /** What the mode superstep adds; null in the mode dataflow. */
  superstep: SuperstepGraph | null;
  /** Every node that a loop to the key would run again, the key included; filled as they are asked for. */
  closures: Map<string, ReadonlySet<string>>;
};

/** Turns a validated document into a graph. Throws ExpressionError if an expression does not compile. */
export function compileGraph(ref: WorkflowRef, document: WorkflowDocument): Graph {
  const edges = documentEdges(document);
  const nodeNames = Object.keys(document.nodes);
  const targets = new Set(Object.values(document.nodes).flatMap((node) => (node.type === 'send' ? node.target : [])));
  const { backs } = loopEdges(
    nodeNames.filter((name) => !targets.has(name)),
    edges,
  );
  const wiring = wire(nodeNames, edges, backs);
  const context = { document, wiring, stateKeys: Object.keys(document.state ?? {}), nodeNames };
  const nodes = new Map(Object.entries(document.nodes).map(([name, node]) => [name, compileNode(name, node, context)]));
  const all = Array.from(nodes.values());
  const output = document.output === undefined ? null : compileTemplate(document.output);
  const outputResults = resultReads(output?.references ?? [], nodeNames);
  const settleReads = new Set([...outputResults, ...all.flatMap(readAtSettle)]);
  const top = all.filter(({ name }) => !targets.has(name));
  const begins = ({ name, inDegree }: GraphNode): boolean => wiring.started.has(name) || inDegree === 0;
  const beginning = top.filter(begins).map(({ name }) => name);
  const starts = document.mode === 'superstep' ? superstepStarts(nodes, beginning, { edges, wiring }) : beginning;
  return {
    ref,
    document,
    nodes,
    starts,
    state: new Map(Object.entries(document.state ?? {})),
    sendTargets: targets,
    finals: top.filter(({ name, out }) => wiring.ends.has(name) || !out.some(isForward)).map(({ name }) => name),
    output,
    outputReads: {
      state: stateReads(output?.references ?? [], context.stateKeys),
      results: outputResults,
      body: readsBody([output]),
    },
    settleReads,
    keptNodes: keptNodesOf(nodes, settleReads),
    readNodes: new Set([...outputResults, ...all.flatMap((node) => node.resultReads)]),
    backs,
    deferred: top.filter(({ deferred }) => deferred).map(({ name }) => name),
    hasWaits: all.some(mayWait),
    hasChildren: all.some(({ child }) => child !== null),
    superstep: document.mode === 'superstep' ? compileSuperstep(nodes, document, starts) : null,
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

/** Whether what the node reads of the state is in part gone when the next step, or superstep, has come. */
export function readsEphemeral({ state }: Graph, node: GraphNode): boolean {
  return node.stateReads.some((channel) => state.get(channel)?.ephemeral === true);
}

/** What nobody reads at a settle, nor writes into the state. The outputs of a send's items are read where the send's is. */
function keptNodesOf(nodes: ReadonlyMap<string, GraphNode>, settleReads: ReadonlySet<string>): Set<string> {
  const all = Array.from(nodes.values());
  const writes = all.filter(({ output, outputMapping }) => output !== null || outputMapping.length > 0);
  const read = new Set([...settleReads, ...writes.map(({ name }) => name)]);
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const name of read) {
    const { send } = nodes.get(name) ?? {};
    if (send) read.add(send.target);
  }
  return new Set(all.filter(({ type, name }) => type === 'task' && !read.has(name)).map(({ name }) => name));
}

/** A task's own input is rendered by its worker, unlike the key under which limits count it. */
function readAtSettle(node: GraphNode): string[] {
  const isReadLater = node.type === 'task' && !node.when && (node.limitKey === null || node.limitKey.isStatic);
  return isReadLater ? [] : node.resultReads;
}

/** A node whose only way on is for its failure leads to the end when it succeeds. */
function isForward(edge: Edge): boolean {
  return edge.kind !== 'goto';
}
