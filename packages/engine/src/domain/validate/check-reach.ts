/** Nodes that no path leads to, and nodes from which none leads to the end. */
import { END, START } from '@weft/contract';
import { type Edge, startNodes } from '../graph/edges.ts';
import type { Loops } from '../graph/loops.ts';
import { type DraftGraph, isBounded } from './draft-graph.ts';
import { type Issues, quote } from './document-issue.ts';

/**
 * Where a document names its start nodes by edges from `__start__`, it names all of them. A graph without any start is
 * one circle, which was told already. What would start the run if it were not for a loop does start it.
 */
export function checkReachable(loops: Loops, { names, ...graph }: DraftGraph, issues: Issues): void {
  const edges = [...graph.edges, ...graph.itemEdges];
  const started = new Set(edges.flatMap((edge) => (edge.from === START ? [edge.to] : [])));
  const roots = started.size > 0 ? started : rootsOf(loops, { names, edges });
  const reached = reachedFrom(
    roots,
    Map.groupBy(edges, ({ from }) => from),
    ({ to }) => to,
  );
  if (reached.size === 0) return;
  for (const name of names) {
    if (reached.has(name)) continue;
    const advice =
      started.size > 0 ? `; since the document names its start nodes, add ["__start__", ${quote(name)}]` : '';
    issues.add('unreachable_node', ['nodes', name], `no path leads from the start to ${quote(name)}${advice}`);
  }
}

/** The nodes that start the run by themselves. */
export function rootsOf({ backs }: Loops, { names, edges }: Pick<DraftGraph, 'names' | 'edges'>): string[] {
  return startNodes(
    names,
    edges.filter((edge) => !backs.has(edge)),
  );
}

/** The end is reached by an edge to it, from a node that nothing follows, and where a loop has run its number of times. */
export function checkWaysOut({ cycles }: Loops, graph: DraftGraph, issues: Issues): void {
  if (cycles.length > 0) return;
  const { names, edges } = graph;
  const followed = new Set(edges.flatMap(({ kind, from }) => (kind === 'goto' ? [] : [from])));
  const last = names.filter((name) => !followed.has(name) || isBounded(name, graph));
  const reached = reachedFrom(
    [END, ...last],
    Map.groupBy(edges, ({ to }) => to),
    ({ from }) => from,
  );
  for (const name of names) {
    if (reached.has(name)) continue;
    issues.add('end_unreachable', ['nodes', name], `no path leads from ${quote(name)} to the end`);
  }
}

function reachedFrom(
  roots: Iterable<string>,
  edgesOf: ReadonlyMap<string, Edge[]>,
  next: (edge: Edge) => string,
): Set<string> {
  const reached = new Set(roots);
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const name of reached) for (const edge of edgesOf.get(name) ?? []) reached.add(next(edge));
  return reached;
}
