/** Every name that an edge refers to. */
import { END, type ProblemCode, START } from '@weft/contract';
import { type WrittenEdge, writtenEdges } from '../graph/edges.ts';
import type { Draft } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

export function checkEdges(draft: Draft, issues: Issues): void {
  for (const edge of writtenEdges(draft.edges)) {
    if (edge.from === '' || edge.to === '') continue;
    checkEnd(edge, 'from', { draft, issues });
    checkEnd(edge, 'to', { draft, issues });
    checkRouteSource(edge, draft, issues);
    // A route may lead back to itself: that is a loop, which has its own check.
    if (edge.from === edge.to && edge.kind !== 'route' && !draft.isSuperstep) {
      issues.add('self_dependency', edge.path, `the node ${quote(edge.from)} depends on itself`);
    }
  }
}

function checkEnd(edge: WrittenEdge, end: 'from' | 'to', { draft, issues }: { draft: Draft; issues: Issues }): void {
  const name = edge[end];
  const path = placeOf(edge, end);
  if (draft.nodeNames.has(name)) return;
  if (name === START || name === END) return checkTerminal(edge, end, { path, issues });
  issues.add(codeOf(edge, end), path, `there is no node ${quote(name)}${issues.hint(name, draft.nodeNames)}`);
}

/** A run leaves `__start__` and a branch ends at `__end__`; what goes on after a failure is a node. */
function checkTerminal(
  edge: WrittenEdge,
  end: 'from' | 'to',
  { path, issues }: { path: IssuePath; issues: Issues },
): void {
  const name = edge[end];
  const isAllowed = end === 'from' ? name === START : name === END && edge.kind !== 'goto';
  if (!isAllowed) issues.add(codeOf(edge, end), path, `${name} cannot stand here`);
}

function codeOf({ kind, value }: WrittenEdge, end: 'from' | 'to'): ProblemCode {
  if (kind !== 'route' || end === 'from') return 'missing_reference';
  return value === undefined ? 'invalid_route_default' : 'invalid_route_target';
}

function checkRouteSource(edge: WrittenEdge, { nodes }: Draft, issues: Issues): void {
  const node = nodes.get(edge.from);
  if (edge.kind !== 'route' || !node || node['type'] === 'route') return;
  const message = `${quote(edge.from)} is not a route, so the value ${quote(edge.value ?? '')} cannot choose this edge`;
  issues.add('invalid_value', placeOf(edge, 'from'), message);
}

/** A pair is one place with two names; elsewhere an edge is written as one of its names. */
function placeOf({ path }: WrittenEdge, end: 'from' | 'to'): IssuePath {
  return path[0] === 'edges' ? [...path, end === 'from' ? 0 : 1] : path;
}
