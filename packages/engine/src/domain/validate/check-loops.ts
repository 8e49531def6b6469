/** Loops: that it is clear where each begins, and that something ends it. */
import { START } from '@weft/contract';
import type { Edge } from '../graph/edges.ts';
import { type AmbiguousLoop, type Loop, type Loops, MAX_LOOP_DEPTH } from '../graph/loops.ts';
import { type DraftGraph, isBounded } from './draft-graph.ts';
import { type Issues, quote } from './document-issue.ts';

export function checkLoops(loops: Loops, graph: DraftGraph, issues: Issues): void {
  for (const ambiguous of loops.ambiguous) reportAmbiguous(ambiguous, graph, issues);
  for (const name of loops.tooDeep) {
    issues.add('limit_depth', ['nodes', name], `loops are nested more than ${MAX_LOOP_DEPTH} deep`);
  }
  const outbound = Map.groupBy(graph.edges, ({ from }) => from);
  for (const loop of loops.loops) checkExit(loop, { graph, outbound, issues });
  checkDeferred(loops, graph, issues);
}

export function reportAmbiguous({ heads, edge }: AmbiguousLoop, { placeOf }: DraftGraph, issues: Issues): void {
  const shown = heads.slice(0, 5).map(quote).join(' or ');
  const message = `it cannot be told whether the loop begins with ${shown}: write which one as ["__start__", ${quote(edge.to)}]`;
  issues.add('ambiguous_loop', placeOf(edge), message);
}

type ExitContext = { graph: DraftGraph; outbound: ReadonlyMap<string, Edge[]>; issues: Issues };

/** A goto leads back after a failure only; where a route leads back, some route of the loop must be able not to. */
function checkExit({ head, names, backs }: Loop, { graph, outbound, issues }: ExitContext): void {
  const back = backs.find(({ kind }) => kind === 'route');
  if (!back || [head, ...backs.map(({ from }) => from)].some((name) => isBounded(name, graph))) return;
  const inside = new Set(names);
  const leaves = ({ kind, to }: Edge): boolean => kind === 'route' && !inside.has(to);
  if (names.some((name) => outbound.get(name)?.some(leaves))) return;
  const message = `nothing ends the loop of ${quote(head)}: let a route in it lead elsewhere, as to __end__, or set "maxIterations"`;
  issues.add('loop_without_exit', graph.placeOf(back), message);
}

/** A deferred node runs when nothing else is left to do, so it neither begins a run nor goes on with a loop. */
function checkDeferred(loops: Loops, { draft, edges, placeOf }: DraftGraph, issues: Issues): void {
  const isDeferred = (name: string): boolean => draft.nodes.get(name)?.['defer'] === true;
  for (const edge of edges) {
    if (edge.from !== START || !isDeferred(edge.to)) continue;
    issues.add('invalid_value', placeOf(edge), `${quote(edge.to)} is deferred, so it cannot start with the run`);
  }
  const looping = new Set(loops.loops.flatMap(({ names }) => names));
  for (const name of looping) {
    if (!isDeferred(name)) continue;
    const message = `${quote(name)} lies on a loop: what is deferred runs when nothing else is left, and cannot lead back`;
    issues.add('invalid_value', ['nodes', name, 'defer'], message);
  }
}
