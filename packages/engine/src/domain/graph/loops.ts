/**
 * Which edges lead back (rule B4). Validation and the compiled graph both ask here, so that what is validated and what is
 * run are the same.
 */
import { START } from '@weft/contract';
import { backEdges, type BackEdge } from './back-edges.ts';
import { components } from './circles.ts';
import type { Edge } from './edges.ts';

/** How deep loops may stand in each other; each level is one more search of what is in it. */
export const MAX_LOOP_DEPTH = 100;

/** A circle that may begin at each of `heads`, so that it cannot be told which of its edges leads back. */
export type AmbiguousLoop = { heads: string[]; edge: Edge };

export type Loops = {
  /** Edges of routes and gotos that lead back to the head of a loop. */
  backs: ReadonlySet<Edge>;
  /** Plain edges that close a circle, which no valid document has. */
  cycles: readonly BackEdge<string, Edge>[];
  ambiguous: readonly AmbiguousLoop[];
  /** Heads of loops that are nested too deep. */
  tooDeep: readonly string[];
};

type Region = { names: string[]; depth: number };
type Search = {
  inbound: ReadonlyMap<string, Edge[]>;
  outbound: ReadonlyMap<string, Edge[]>;
  /** Per node the smallest circle known so far, as a number. */
  circleOf: Map<string, number>;
  circles: number;
  /** Edges that close a circle, of whatever kind. */
  closing: Set<Edge>;
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
  const search: Search = {
    inbound: Map.groupBy(edges, ({ to }) => to),
    outbound: Map.groupBy(edges, ({ from }) => from),
    circleOf: new Map(),
    circles: 0,
    closing: new Set(),
    cycles: [],
    ambiguous: [],
    tooDeep: [],
  };
  const all = [...names];
  for (const name of all) search.circleOf.set(name, 0);
  const open: Region[] = [{ names: all, depth: 0 }];
  for (let region = open.pop(); region; region = open.pop()) open.push(...splitRegion(region, search));
  const { closing, cycles, ambiguous, tooDeep } = search;
  return { backs: new Set([...closing].filter(({ kind }) => kind !== 'plain')), cycles, ambiguous, tooDeep };
}

/** Finds the circles in the region and takes from each the edges back to its head; what is left of them is still to do. */
function splitRegion({ names, depth }: Region, search: Search): Region[] {
  const targetsOf = (name: string): string[] => inner(name, search).map(({ to }) => to);
  const found = components(names, targetsOf).filter((component) => isCircle(component, search));
  const order = new Map(names.map((name, index) => [name, index]));
  const circles = found.map((circle) => circle.toSorted((a, b) => Number(order.get(a)) - Number(order.get(b))));
  // All are numbered before any is opened, so that an edge from another circle counts as one from outside.
  const alone = new Set(names);
  for (const circle of circles) {
    search.circles += 1;
    for (const name of circle) search.circleOf.set(name, search.circles);
    for (const name of circle) alone.delete(name);
  }
  for (const name of alone) search.circleOf.set(name, (search.circles += 1));
  for (const circle of circles) openCircle(circle, depth, search);
  return depth < MAX_LOOP_DEPTH ? circles.map((circle) => ({ names: circle, depth: depth + 1 })) : [];
}

/** Edges within the same circle that are not known to lead back. */
function inner(name: string, { outbound, circleOf, closing }: Search): Edge[] {
  const circle = circleOf.get(name);
  return (outbound.get(name) ?? []).filter((edge) => circleOf.get(edge.to) === circle && !closing.has(edge));
}

function isCircle(component: string[], search: Search): boolean {
  const [only] = component;
  return component.length > 1 || inner(String(only), search).some(({ to }) => to === only);
}

function openCircle(circle: string[], depth: number, search: Search): void {
  if (depth === MAX_LOOP_DEPTH) search.tooDeep.push(String(circle[0]));
  const entered = circle.filter((name) => entriesOf(name, search).length > 0);
  const possible = (entered.length > 0 ? entered : circle).filter((name) => mayBeHead(name, search));
  const [head] = possible;
  if (head === undefined) return reportCycles(entered.concat(circle), search);
  const started = possible.filter((name) => entriesOf(name, search).some(({ from }) => from === START));
  const chosen = started.length === 1 ? String(started[0]) : head;
  const back = innerInbound(chosen, search);
  if (possible.length > 1 && started.length !== 1) search.ambiguous.push({ heads: possible, edge: back[0] as Edge });
  for (const edge of back) search.closing.add(edge);
}

function entriesOf(name: string, { inbound, circleOf, closing }: Search): Edge[] {
  const circle = circleOf.get(name);
  const isEntry = ({ from }: Edge): boolean => from === START || (circleOf.get(from) ?? circle) !== circle;
  return (inbound.get(name) ?? []).filter((edge) => isEntry(edge) && !closing.has(edge));
}

function innerInbound(name: string, { inbound, circleOf, closing }: Search): Edge[] {
  const circle = circleOf.get(name);
  return (inbound.get(name) ?? []).filter((edge) => circleOf.get(edge.from) === circle && !closing.has(edge));
}

function mayBeHead(name: string, search: Search): boolean {
  return innerInbound(name, search).every(({ kind }) => kind !== 'plain');
}

/** No plain edge may lead back; all that do are taken away, so that what is in the circle is looked at all the same. */
function reportCycles(roots: string[], search: Search): void {
  const edgesFrom = (name: string): Edge[] => inner(name, search);
  const found = backEdges(roots, edgesFrom);
  for (const back of found) {
    search.closing.add(back.edge);
    if (back.edge.kind === 'plain') search.cycles.push(back);
  }
}
