import type { Graph, GraphNode } from './graph.ts';

/** The nodes in an order in which each stands behind those that lead to it, loops aside; else as they are written. */
export function graphOrder(graph: Graph): string[] {
  const waitsFor = new Map(Array.from(graph.nodes.keys(), (name) => [name, 0]));
  for (const node of graph.nodes.values()) {
    for (const name of leadsTo(graph, node)) waitsFor.set(name, (waitsFor.get(name) ?? 0) + 1);
  }
  const order = Array.from(graph.nodes.keys()).filter((name) => waitsFor.get(name) === 0);
  for (const name of order) {
    for (const next of leadsTo(graph, graph.nodes.get(name))) {
      const left = (waitsFor.get(next) ?? 0) - 1;
      waitsFor.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  // Nodes that only gotos lead to may stand in circles.
  const known = new Set(order);
  return [...order, ...Array.from(graph.nodes.keys()).filter((name) => !known.has(name))];
}

function leadsTo(graph: Graph, node: GraphNode | undefined): string[] {
  if (!node) return [];
  const forward = node.out.filter((edge) => !graph.backs.has(edge) && graph.nodes.has(edge.to)).map(({ to }) => to);
  return node.send ? [node.send.target, ...forward] : forward;
}
