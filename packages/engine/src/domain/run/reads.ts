/** What a settle is going to look at, known from the graph alone, so that one round trip fetches it. */
import type { Graph, GraphNode } from '../graph/graph.ts';
import { nodeOf, ownerOf, rootOf } from '../task-key.ts';
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
    branch: null,
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

/** Adds what settling the task may look at: its row, its own expressions, and what lies behind it. */
export function addSettleReads(reads: Reads, graph: Graph, key: string, keyOf: KeyOf = sameIteration(key)): void {
  reads.tasks.add(key);
  const owner = ownerOf(key);
  if (owner) {
    reads.tasks.add(owner.send);
    reads.joins.add(itemsKey(owner.send));
  }
  const node = graph.nodes.get(nodeOf(key));
  // In superstep mode nothing follows from a task but at the barrier, which asks for itself.
  if (!node || graph.superstep) return;
  if (node.type !== 'task') addOwnReads(reads, node, keyOf);
  if (!owner) addReadsBehind(reads, graph, { node, dead: false, ahead: LOOKAHEAD, keyOf });
}

/** Gives the key of a node's activation that counts. */
export type KeyOf = (name: string) => string;

/** Before the run is seen it is believed that all that a task may reach has been begun as often as the task itself. */
function sameIteration(key: string): KeyOf {
  const { iteration } = rootOf(key);
  return (name) => `${name}#${iteration}`;
}

/** The key under which a send counts its items. */
export function itemsKey(send: string): string {
  return `${send}[]`;
}

/** Names a piece of a send's items. */
export function chunkKey(send: string, chunk: number): string {
  return `${send} ${chunk}`;
}

/**
 * Adds what ending the edges of `node` may look at: the joins behind it, and what the nodes there read when armed. Inline
 * nodes are looked through, up to `ahead` nodes in all. Where no edge is taken (`dead`), every node is: they are skipped, or a
 * join among them fires.
 */
export function addReadsBehind(
  reads: Reads,
  graph: Graph,
  from: { node: GraphNode; dead: boolean; ahead: number; keyOf: KeyOf },
): void {
  const seen = new Set<string>();
  const queue = [from.node];
  for (const next of queue) {
    for (const edge of next.out) {
      const target = graph.nodes.get(edge.to);
      if (!target || seen.has(edge.to)) continue;
      if (next !== from.node && seen.size >= from.ahead) return;
      seen.add(edge.to);
      if (target.countsEdges) reads.joins.add(from.keyOf(edge.to));
      if (!from.dead || target.countsEdges) addOwnReads(reads, target, from.keyOf);
      if (from.dead || target.type !== 'task') queue.push(target);
    }
  }
}

/** What of `wanted` is not in `reads`, tasks and joins that are `unheardOf` aside; null if all of it is. */
export function missingFrom(reads: Reads, wanted: Reads, unheardOf: (key: string) => boolean): Reads | null {
  const { everything } = reads;
  const missing: Reads = {
    ...NOTHING,
    tasks: everything ? NONE : difference(wanted.tasks, reads.tasks, unheardOf),
    joins: everything || reads.allJoins ? NONE : difference(wanted.joins, reads.joins, unheardOf),
    channels: difference(wanted.channels, reads.channels),
    body: wanted.body && !reads.body,
    waiting: wanted.waiting && !reads.waiting && !everything,
    kept: difference(wanted.kept, reads.kept),
    chunks: difference(wanted.chunks, reads.chunks),
    items: difference(wanted.items, reads.items),
  };
  return isNothing(missing) ? null : missing;
}

const NONE = new Set<string>();
const NOTHING = noReads();

/** Those of `some` that are not in `all`. There are nearly always none, and then nothing is built. */
function difference(
  some: ReadonlySet<string>,
  all: ReadonlySet<string>,
  isLeftOut?: (key: string) => boolean,
): Set<string> {
  let missing = NONE;
  for (const one of some) {
    if (all.has(one) || isLeftOut?.(one)) continue;
    if (missing === NONE) missing = new Set();
    missing.add(one);
  }
  return missing;
}

function isNothing({ body, waiting, ...missing }: Reads): boolean {
  return !body && !waiting && SETS.every((part) => missing[part].size === 0);
}

/** Merges `more` into `reads`. */
export function mergeReads(reads: Reads, more: Reads): void {
  for (const part of SETS) for (const key of more[part]) reads[part].add(key);
  reads.body ||= more.body;
  reads.allJoins ||= more.allJoins;
  reads.inline ||= more.inline;
  reads.everything ||= more.everything;
  reads.waiting ||= more.waiting;
  reads.branch ??= more.branch;
}

const SETS = ['tasks', 'joins', 'channels', 'kept', 'chunks', 'items'] as const;

/** Whether a node reads anything of its run when it is armed. */
export function readsWhenArmed(node: GraphNode): boolean {
  return node.stateReads.length > 0 || node.type !== 'task' || node.when !== null || hasKeyToRender(node);
}

/** A task's own input is rendered by its worker; only its condition and the state it captures are read at settle. */
function addOwnReads(reads: Reads, node: GraphNode, keyOf: KeyOf): void {
  for (const channel of node.stateReads) reads.channels.add(channel);
  if (node.type === 'task' && !node.when && !hasKeyToRender(node)) return;
  for (const name of node.resultReads) reads.tasks.add(keyOf(name));
  reads.body ||= node.readsBody;
}

function hasKeyToRender({ limitKey }: GraphNode): boolean {
  return limitKey !== null && !limitKey.isStatic;
}
