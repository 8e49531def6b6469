import type { Json } from '@weft/contract';

import { canonicalJson } from '../content-hash.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';

/** Whether two versions have the same nodes, edges and state, so that a run stands in the one where it stands in the other. */
export function haveSameShape(a: Graph, b: Graph): boolean {
  return canonicalJson(shapeOf(a)) === canonicalJson(shapeOf(b));
}

function shapeOf({ document, nodes, starts }: Graph): Json {
  const { state = {}, mode = 'dataflow' } = document;
  const parts = Array.from(nodes.values(), nodeShape);
  return { mode, state: state as Json, starts: [...starts], nodes: Object.fromEntries(parts) };
}

function nodeShape({ name, type, join, deferred, out, send, breaks }: GraphNode): [string, Json] {
  const edges = out.map(({ kind, to, values = [], isDefault = false }) => [kind, to, values, isDefault]);
  return [name, { type, join, deferred, edges, breaks, target: send?.target ?? null }];
}
