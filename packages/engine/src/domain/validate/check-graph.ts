/** What the edges of a document make: circles, loops, and ways from the start to the end. */
import type { BackEdge } from '../graph/back-edges.ts';
import type { Edge } from '../graph/edges.ts';
import { loopEdges } from '../graph/loops.ts';
import { checkLoops } from './check-loops.ts';
import { checkReachable, checkWaysOut } from './check-reach.ts';
import { checkSupersteps } from './check-supersteps.ts';
import { type DraftGraph, readGraph } from './draft-graph.ts';
import type { Draft } from './draft.ts';
import type { Issues } from './document-issue.ts';

export function checkGraph(draft: Draft, issues: Issues): void {
  const graph = readGraph(draft);
  const loops = loopEdges(graph.names, graph.edges);
  if (draft.isSuperstep) {
    checkSupersteps(loops, graph, issues);
    return;
  }
  for (const back of loops.cycles) reportCycle(back, graph, issues);
  checkLoops(loops, graph, issues);
  checkReachable(loops, graph, issues);
  checkWaysOut(loops, graph, issues);
}

function reportCycle({ edge, way }: BackEdge<string, Edge>, { placeOf }: DraftGraph, issues: Issues): void {
  const circle = describe(way, edge.to);
  const message = `the nodes depend on each other in a circle: ${circle}; only a route may lead back`;
  issues.add('cycle', placeOf(edge), message);
}

function describe({ head, skipped, tail }: BackEdge<string, Edge>['way'], target: string): string {
  const between = skipped > 0 ? [`(${skipped} more)`] : [];
  const names = [...head, ...between, ...tail, target];
  return names.map((name) => (name.length > 100 ? `${name.slice(0, 100)}...` : name)).join(' -> ');
}
