/** Circles, and nodes that no path leads to. */
import { END, START } from '@weft/contract';
import { backEdges, type BackEdge } from '../graph/back-edges.ts';
import { documentEdges, type Edge, startNodes, type WrittenEdge, writtenEdges } from '../graph/edges.ts';
import type { Draft } from './draft.ts';
import { type Issues, quote } from './document-issue.ts';
import { unsupported } from './unsupported.ts';

/** Edges that other checks have refused are passed over, so that one error is not told twice. */
export function checkGraph(draft: Draft, issues: Issues): void {
  const edges = documentEdges(draft.edges).filter((edge) => isSound(edge, draft));
  const out = Map.groupBy(edges, (edge) => edge.from);
  const edgesFrom = (name: string): readonly Edge[] => (out.get(name) ?? []).filter((edge) => edge.to !== END);
  const backs = backEdges(searchOrder(draft, edges), edgesFrom);
  reportBackEdges(backs, draft, issues);
  // What would start the run if it were not for a loop does start it.
  const loops = new Set(backs.flatMap(({ edge }) => (edge.kind === 'plain' ? [] : [edge])));
  checkReachable({ draft, edges: edges.filter((edge) => !loops.has(edge)), edgesFrom }, issues);
}

function isSound({ from, to, kind }: Edge, { nodeNames }: Draft): boolean {
  const bothExist = (from === START || nodeNames.has(from)) && (to === END || nodeNames.has(to));
  return bothExist && (from !== to || kind === 'route');
}

/** From the start nodes; then from where a loop may lead back to, so that its way back is found to be the back edge. */
function* searchOrder({ nodeNames }: Draft, edges: readonly Edge[]): Generator<string> {
  yield* startNodes(nodeNames, edges);
  for (const kind of ['goto', 'route'] as const) {
    for (const edge of edges) if (edge.kind === kind && edge.to !== END) yield edge.to;
  }
  yield* nodeNames;
}

function reportBackEdges(backs: readonly BackEdge<string, Edge>[], draft: Draft, issues: Issues): void {
  if (backs.length === 0) return;
  const places = new Map<string, WrittenEdge['path']>();
  for (const written of writtenEdges(draft.edges).toReversed()) places.set(placeKey(written), written.path);
  for (const { edge, way } of backs) {
    const place = places.get(placeKey(edge)) ?? ['nodes', edge.from];
    const circle = describe(way, edge.to);
    if (edge.kind === 'plain') {
      issues.add('cycle', place, `the nodes depend on each other in a circle: ${circle}; only a route may lead back`);
    } else if (unsupported.loops) {
      issues.add('node_type_unsupported', place, `loops are not supported yet: ${circle}`);
    }
  }
}

function placeKey({ kind, from, to }: { kind: string; from: string; to: string }): string {
  return JSON.stringify([kind, from, to]);
}

function describe({ head, skipped, tail }: BackEdge<string, Edge>['way'], target: string): string {
  const between = skipped > 0 ? [`(${skipped} more)`] : [];
  const names = [...head, ...between, ...tail, target];
  return names.map((name) => (name.length > 100 ? `${name.slice(0, 100)}...` : name)).join(' -> ');
}

type Reach = { draft: Draft; edges: readonly Edge[]; edgesFrom: (name: string) => readonly Edge[] };

/**
 * Where a document names its start nodes by edges from `__start__`, it names all of them. A graph without any start is
 * one circle, which was told already.
 */
function checkReachable({ draft, edges, edgesFrom }: Reach, issues: Issues): void {
  const named = new Set(edges.flatMap((edge) => (edge.from === START ? [edge.to] : [])));
  const roots = named.size > 0 ? named : startNodes(draft.nodeNames, edges);
  const reached = new Set(roots);
  if (reached.size === 0) return;
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const name of reached) for (const edge of edgesFrom(name)) reached.add(edge.to);
  for (const name of draft.nodeNames) {
    if (reached.has(name)) continue;
    const advice =
      named.size > 0 ? `; since the document names its start nodes, add ["__start__", ${quote(name)}]` : '';
    issues.add('unreachable_node', ['nodes', name], `no path leads from the start to ${quote(name)}${advice}`);
  }
}
