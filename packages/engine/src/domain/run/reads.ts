/** What a settle is going to look at, known from the graph alone, so that one round trip fetches it. */
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Reads } from './records.ts';

/** Nodes looked at behind the direct targets of a settled node: inline nodes and what they may skip are followed. */
const LOOKAHEAD = 50;

/** The first activation of a node. */
export function firstKey(node: string): string {
  return `${node}#0`;
}

export function noReads(): Reads {
  return { tasks: new Set(), joins: new Set(), channels: new Set(), body: false, inline: false, everything: false };
}

/** Adds what settling `nodeName` may look at: its task, its own expressions, and what lies behind it. */
export function addSettleReads(reads: Reads, graph: Graph, nodeName: string): void {
  const node = graph.nodes.get(nodeName);
  if (!node) return;
  reads.tasks.add(firstKey(nodeName));
  if (node.type !== 'task') addOwnReads(reads, node);
  addReadsBehind(reads, graph, node);
}

/** Adds what ending the edges of `node` may look at: the joins behind it, and what the nodes there read when armed. */
export function addReadsBehind(reads: Reads, graph: Graph, node: GraphNode): void {
  const seen = new Set<string>();
  const queue = [node];
  for (let next = queue.shift(); next; next = queue.shift()) {
    for (const edge of next.out) {
      const target = graph.nodes.get(edge.to);
      if (!target || seen.has(edge.to)) continue;
      if (next !== node && seen.size >= LOOKAHEAD) return;
      seen.add(edge.to);
      if (target.inDegree > 1) reads.joins.add(firstKey(edge.to));
      addOwnReads(reads, target);
      if (target.type !== 'task') queue.push(target);
    }
  }
}

/** Whether all that `wanted` names is in `reads`. */
export function covers(reads: Reads, wanted: Reads): boolean {
  if (reads.everything && !wanted.body && wanted.channels.size === 0) return true;
  return (
    (reads.everything || (wanted.tasks.isSubsetOf(reads.tasks) && wanted.joins.isSubsetOf(reads.joins))) &&
    wanted.channels.isSubsetOf(reads.channels) &&
    (reads.body || !wanted.body)
  );
}

/** Merges `more` into `reads`. */
export function mergeReads(reads: Reads, more: Reads): void {
  for (const part of ['tasks', 'joins', 'channels'] as const) for (const key of more[part]) reads[part].add(key);
  reads.body ||= more.body;
  reads.inline ||= more.inline;
  reads.everything ||= more.everything;
}

/** A task's own input is rendered by its worker; only its condition and the state it captures are read at settle. */
function addOwnReads(reads: Reads, node: GraphNode): void {
  for (const channel of node.stateReads) reads.channels.add(channel);
  if (node.type === 'task' && !node.when) return;
  for (const name of node.resultReads) reads.tasks.add(firstKey(name));
  reads.body = true;
}
