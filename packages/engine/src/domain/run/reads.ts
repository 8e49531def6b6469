/** What a settle is going to look at, known from the graph alone, so that one round trip fetches it. */
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Reads } from './records.ts';

/** Nodes looked at behind the direct targets of a settled node: inline nodes and what they may skip are followed. */
export const LOOKAHEAD = 50;

/** The first activation of a node. */
export function firstKey(node: string): string {
  return `${node}#0`;
}

export function noReads(): Reads {
  return {
    tasks: new Set(),
    joins: new Set(),
    channels: new Set(),
    body: false,
    allJoins: false,
    inline: false,
    everything: false,
    waiting: false,
    kept: new Set(),
    chunks: new Set(),
    items: new Set(),
  };
}

/** Says that a decision must see more of the run; the store loads it and asks again. */
export class NeedsMore extends Error {
  readonly reads: Reads;

  constructor(reads: Partial<Reads>) {
    super('the decision needs to see more of the run');
    this.name = 'NeedsMore';
    this.reads = { ...noReads(), ...reads };
  }
}

/** Adds what settling `nodeName` may look at: its task, its own expressions, and what lies behind it. */
export function addSettleReads(reads: Reads, graph: Graph, nodeName: string): void {
  const node = graph.nodes.get(nodeName);
  if (!node) return;
  reads.tasks.add(firstKey(nodeName));
  if (node.type !== 'task') addOwnReads(reads, node);
  addReadsBehind(reads, graph, { node, dead: false, ahead: LOOKAHEAD });
}

/**
 * Adds what ending the edges of `node` may look at: the joins behind it, and what the nodes there read when armed. Inline
 * nodes are looked through, up to `ahead` nodes in all. Where no edge is taken (`dead`), every node is: they are skipped, or a
 * join among them fires.
 */
export function addReadsBehind(
  reads: Reads,
  graph: Graph,
  from: { node: GraphNode; dead: boolean; ahead: number },
): void {
  const seen = new Set<string>();
  const queue = [from.node];
  for (const next of queue) {
    for (const edge of next.out) {
      const target = graph.nodes.get(edge.to);
      if (!target || seen.has(edge.to)) continue;
      if (next !== from.node && seen.size >= from.ahead) return;
      seen.add(edge.to);
      if (target.countsEdges) reads.joins.add(firstKey(edge.to));
      if (!from.dead || target.countsEdges) addOwnReads(reads, target);
      if (from.dead || target.type !== 'task') queue.push(target);
    }
  }
}

/** What of `wanted` is not in `reads`; null if all of it is. */
export function missingFrom(reads: Reads, wanted: Reads): Reads | null {
  const missing: Reads = {
    ...noReads(),
    tasks: reads.everything ? new Set() : wanted.tasks.difference(reads.tasks),
    joins: reads.everything || reads.allJoins ? new Set() : wanted.joins.difference(reads.joins),
    channels: wanted.channels.difference(reads.channels),
    body: wanted.body && !reads.body,
  };
  return missing.tasks.size + missing.joins.size + missing.channels.size > 0 || missing.body ? missing : null;
}

/** Merges `more` into `reads`. */
export function mergeReads(reads: Reads, more: Reads): void {
  for (const part of ['tasks', 'joins', 'channels'] as const) for (const key of more[part]) reads[part].add(key);
  reads.body ||= more.body;
  reads.allJoins ||= more.allJoins;
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
