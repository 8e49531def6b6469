/**
 * Which edges lead back (rule B4). Validation and the compiled graph both ask here, so that what is validated and what is
 * run are the same.
 */
import { START } from '@weft/contract';
import { backEdges, type BackEdge } from './back-edges.ts';
import { components } from './circles.ts';
import type { Edge } from './edges.ts';

/** How deep loops may stand in each other; each level is one more search of what is in it. */
export const MAX_LOOP_DEPTH = 16;

/** A circle with the edges that lead back to its head; what is in it may hold smaller ones. */
export type Loop = { head: string; names: readonly string[]; backs: readonly Edge[] };

/** A circle that may begin at each of `heads`, so that it cannot be told which of its edges leads back. */
export type AmbiguousLoop = { heads: string[]; edge: Edge };

export type Loops = {
  /** Edges of routes and gotos that lead back to the head of a loop. */
  backs: ReadonlySet<Edge>;
  /** Outer ones first. */
  loops: readonly Loop[];
  /** Plain edges that close a circle, which no valid document has. */
  cycles: readonly BackEdge<string, Edge>[];
  ambiguous: readonly AmbiguousLoop[];
  /** Heads of loops that are nested too deep. */
  tooDeep: readonly string[];
};

type Region = { vertices: Vertex[]; depth: number };
/** `circle` is the number of the smallest circle known so far. */
type Vertex = { name: string; index: number; circle: number; arcs: Arc[]; arcsIn: Arc[] };
/** `from` is null for `__start__`; `closes` says that it closes a circle, whatever its kind. */
type Arc = { edge: Edge; from: Vertex | null; to: Vertex; closes: boolean };
type Search = {
  circles: number;
  loops: Loop[];
  cycles: BackEdge<string, Edge>[];
  ambiguous: AmbiguousLoop[];
  tooDeep: string[];
};

/**
 * The head of a circle is the node where it is entered from outside (from a node that is not on it, or from `__start__`), or,
 * if nothing enters it, where it may begin. Only a node that no plain edge of the circle leads to can be one, and the
 * edges of the circle to it lead back. Without them the circle falls into smaller ones, for which the same holds. Of
 * several possible heads the only one that `__start__` leads to is chosen.
 *
 * Edges whose ends are not among `names` are passed over.
 */
export function loopEdges(names: Iterable<string>, edges: readonly Edge[]): Loops {
  const search: Search = { circles: 0, loops: [], cycles: [], ambiguous: [], tooDeep: [] };
  const { vertices, arcs } = verticesOf(names, edges);
  const open: Region[] = [{ vertices, depth: 0 }];
  for (let region = open.pop(); region; region = open.pop()) open.push(...splitRegion(region, search));
  const backs = arcs.flatMap(({ edge, closes }) => (closes && edge.kind !== 'plain' ? [edge] : []));
  const { loops, cycles, ambiguous, tooDeep } = search;
  return { backs: new Set(backs), loops, cycles, ambiguous, tooDeep };
}

function verticesOf(names: Iterable<string>, edges: readonly Edge[]): { vertices: Vertex[]; arcs: Arc[] } {
  const byName = new Map<string, Vertex>();
  for (const name of names) byName.set(name, { name, index: byName.size, circle: 0, arcs: [], arcsIn: [] });
  const arcs = edges.flatMap((edge): Arc[] => {
    const from = edge.from === START ? null : byName.get(edge.from);
    const to = byName.get(edge.to);
    return from === undefined || to === undefined ? [] : [{ edge, from, to, closes: false }];
  });
  for (const arc of arcs) {
    arc.from?.arcs.push(arc);
    arc.to.arcsIn.push(arc);
  }
  return { vertices: [...byName.values()], arcs };
}

/** Finds the circles in the region and takes from each the edges back to its head; what is left of them is still to do. */
function splitRegion({ vertices, depth }: Region, search: Search): Region[] {
  const found = components(vertices, (vertex) => inner(vertex).map(({ to }) => to));
  const circles = found.filter(isCircle).map((circle) => circle.toSorted((a, b) => a.index - b.index));
  // All are numbered before any is opened, so that an edge from another circle counts as one from outside.
  for (const component of found) {
    search.circles += 1;
    for (const vertex of component) vertex.circle = search.circles;
  }
  for (const circle of circles) openCircle(circle, depth, search);
  return depth < MAX_LOOP_DEPTH ? circles.map((circle) => ({ vertices: circle, depth: depth + 1 })) : [];
}

/** Edges within the same circle that are not known to close it. */
function inner({ arcs, circle }: Vertex): Arc[] {
  return arcs.filter(({ to, closes }) => !closes && to.circle === circle);
}

function innerIn({ arcsIn, circle }: Vertex): Arc[] {
  return arcsIn.filter(({ from, closes }) => !closes && from?.circle === circle);
}

function isCircle(component: Vertex[]): boolean {
  const [only] = component;
  return component.length > 1 || (only !== undefined && inner(only).some(({ to }) => to === only));
}

function openCircle(circle: Vertex[], depth: number, search: Search): void {
  if (depth === MAX_LOOP_DEPTH) search.tooDeep.push(circle[0]?.name ?? '');
  const entered = circle.filter(isEntered);
  const possible = (entered.length > 0 ? entered : circle).filter(mayBeHead);
  const started = possible.filter(({ arcsIn }) => arcsIn.some(({ from }) => from === null));
  const head = started.length === 1 ? started[0] : possible[0];
  if (!head) return reportCycles(entered.concat(circle), search);
  const back = innerIn(head);
  for (const arc of back) arc.closes = true;
  const backs = back.map(({ edge }) => edge);
  search.loops.push({ head: head.name, names: circle.map(({ name }) => name), backs });
  if (possible.length === 1 || started.length === 1) return;
  search.ambiguous.push({ heads: possible.map(({ name }) => name), edge: backs[0] as Edge });
}

function isEntered({ arcsIn, circle }: Vertex): boolean {
  return arcsIn.some(({ from, closes }) => !closes && from?.circle !== circle);
}

function mayBeHead(vertex: Vertex): boolean {
  return vertex.arcsIn.every(
    ({ edge, from, closes }) => edge.kind !== 'plain' || closes || from?.circle !== vertex.circle,
  );
}

/** No plain edge may lead back; all that do are taken away, so that what is in the circle is looked at all the same. */
function reportCycles(roots: Vertex[], search: Search): void {
  for (const { edge: arc, way } of backEdges(roots, inner)) {
    arc.closes = true;
    const [head, tail] = [way.head.map(({ name }) => name), way.tail.map(({ name }) => name)];
    if (arc.edge.kind === 'plain') search.cycles.push({ edge: arc.edge, way: { head, skipped: way.skipped, tail } });
  }
}
