/** A document's edges, sorted by the nodes that they concern. */
import { END, START } from '@weft/contract';

import type { Edge } from './edges.ts';

export type Wiring = {
  /** Nodes with an edge from `__start__`, and nodes with one to `__end__`. */
  started: Set<string>;
  ends: Set<string>;
  /** Edges that lead to a node, those from `__start__` included and those that lead back left out. */
  inbound: Map<string, Edge[]>;
  /** Edges that leave a node for another one, those that lead back included. */
  outbound: Map<string, Edge[]>;
  /** Of routes: the values that have an edge, and which have a default. */
  routeValues: Map<string, Set<string>>;
  defaults: Set<string>;
};

export function wire(names: string[], edges: Edge[], backs: ReadonlySet<Edge>): Wiring {
  const wiring: Wiring = {
    started: new Set(),
    ends: new Set(),
    inbound: new Map(),
    outbound: new Map(),
    routeValues: new Map(),
    defaults: new Set(),
  };
  for (const name of names) {
    wiring.inbound.set(name, []);
    wiring.outbound.set(name, []);
    wiring.routeValues.set(name, new Set());
  }
  for (const edge of edges) {
    for (const value of edge.values ?? []) wiring.routeValues.get(edge.from)?.add(value);
    if (edge.isDefault) wiring.defaults.add(edge.from);
    if (edge.from === START) wiring.started.add(edge.to);
    else if (edge.to === END) wiring.ends.add(edge.from);
    else wiring.outbound.get(edge.from)?.push(edge);
    if (!backs.has(edge)) wiring.inbound.get(edge.to)?.push(edge);
  }
  return wiring;
}
