/** What cannot be in superstep mode: circles are natural there, but something must start the run, and routes must come to an end. */
import { START } from '@weft/contract';
import { backEdges } from '../graph/back-edges.ts';
import type { Edge } from '../graph/edges.ts';
import type { Loops } from '../graph/loops.ts';
import { reportAmbiguous } from './check-loops.ts';
import { checkReachable, rootsOf } from './check-reach.ts';
import type { DraftGraph } from './draft-graph.ts';
import { type Issues, quote } from './document-issue.ts';

export function checkSupersteps(loops: Loops, graph: DraftGraph, issues: Issues): void {
  checkRouteCircles(graph, issues);
  checkBeginning(loops, graph, issues);
  checkReachable(loops, graph, issues);
}

/** Routes are decided on the way from one superstep to the next, so a circle of nothing else would never come to one. */
function checkRouteCircles({ draft, edges, placeOf }: DraftGraph, issues: Issues): void {
  const isRoute = (name: string): boolean => draft.nodes.get(name)?.['type'] === 'route';
  const between = edges.filter(({ kind, from, to }) => kind === 'route' && isRoute(from) && isRoute(to));
  const outbound = Map.groupBy(between, ({ from }) => from);
  const edgesFrom = (name: string): readonly Edge[] => outbound.get(name) ?? [];
  for (const { edge } of backEdges(outbound.keys(), edgesFrom)) {
    const message = `routes lead to each other in a circle, from ${quote(edge.from)} back to ${quote(edge.to)}: let another node stand between them`;
    issues.add('cycle', placeOf(edge), message);
  }
}

/** Where no node is named by an edge from `__start__`, those begin that nothing leads to, and the heads of loops. */
function checkBeginning(loops: Loops, graph: DraftGraph, issues: Issues): void {
  const { names, edges, itemEdges } = graph;
  if (names.length === 0 || edges.some(({ from }) => from === START)) return;
  const roots = new Set(rootsOf(loops, { names, edges: [...edges, ...itemEdges] }));
  for (const ambiguous of loops.ambiguous) {
    if (roots.has(ambiguous.edge.to)) reportAmbiguous(ambiguous, graph, issues);
  }
  if (roots.size > 0) return;
  const [first = ''] = names;
  const message = `nothing starts the run, since an edge leads to every node: name where it begins, as ["__start__", ${quote(first)}]`;
  issues.add('unreachable_node', ['nodes', first], message);
}
