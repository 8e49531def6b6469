/** The edges of a graph: `[from, to]`, or `["node:value", to]` for one that is taken on a value. */
import { END, type Json, START } from '@weft/contract';
import type { Fields } from '../foreign/fields.ts';
import { type ImportLog, type ImportPath, quote } from '../foreign/import-log.ts';

export type GraphEdge = { from: string; value?: string; to: string; path: ImportPath };

/** Reads the list; what is no edge is an error at its place. */
export function readEdges(fields: Fields): GraphEdge[] {
  const items = fields.list('edges');
  if (items === undefined) {
    if (!fields.has('edges'))
      fields.log.error('missing_field', fields.at('edges'), 'a graph needs edges: pairs [from, to]');
    return [];
  }
  return items.flatMap((item, index) => {
    const edge = readEdge(item, [...fields.at('edges'), index]);
    if (edge === undefined)
      fields.log.error('bad_type', [...fields.at('edges'), index], 'an edge is a pair of names: [from, to]');
    return edge ?? [];
  });
}

/** The first colon begins the value. */
function readEdge(item: Json, path: ImportPath): GraphEdge | undefined {
  if (!Array.isArray(item) || item.length !== 2) return undefined;
  const [source, to] = item;
  if (typeof source !== 'string' || typeof to !== 'string') return undefined;
  const colon = source.indexOf(':');
  if (colon < 0) return { from: source, to, path };
  return { from: source.slice(0, colon), value: source.slice(colon + 1), to, path };
}

/** What of a graph its edges can be checked against. */
export type GraphShape = {
  nodes: ReadonlySet<string>;
  edges: readonly GraphEdge[];
  /** Targets of a `send` that no edge leads to: they need none. */
  itemNodes: ReadonlySet<string>;
  fields: Fields;
};

/** Names that do not exist, nodes that no path leads to, and what NullBoiler would have done otherwise. */
export function checkEdges(shape: GraphShape): void {
  const { edges, fields } = shape;
  for (const edge of edges) checkEnds(edge, shape.nodes, fields.log);
  const reached = reachable(edges);
  if (edges.length > 0 && !edges.some((edge) => edge.from === START)) {
    return fields.log.error('unreachable_node', fields.at('edges'), `no edge leaves ${START}, so nothing ever begins`);
  }
  for (const name of shape.nodes) {
    if (reached.has(name) || shape.itemNodes.has(name)) continue;
    fields.log.error(
      'unreachable_node',
      [...fields.at('nodes'), name],
      `no path leads from ${START} to ${quote(name)}`,
    );
  }
  if (!reached.has(END)) {
    const message = `no path leads to ${END}: NullBoiler refuses to run it, here the run ends when nothing is left to do`;
    fields.log.remark('end_unreachable', fields.at('edges'), message);
  }
  const loops = backEdges(edges);
  for (const edge of loops) tellLoop(edge, fields.log);
  tellMixedJoins(
    edges.filter((edge) => !loops.has(edge)),
    fields.log,
  );
}

function checkEnds({ from, to, path }: GraphEdge, nodes: ReadonlySet<string>, log: ImportLog): void {
  if (from !== START && !nodes.has(from))
    log.error('missing_reference', [...path, 0], `there is no node ${quote(from)}`);
  if (to !== END && !nodes.has(to)) log.error('missing_reference', [...path, 1], `there is no node ${quote(to)}`);
}

function reachable(edges: readonly GraphEdge[]): Set<string> {
  const out = Map.groupBy(edges, (edge) => edge.from);
  const reached = new Set([START]);
  // A set is walked in order of insertion, so this goes on to what is added.
  for (const name of reached) for (const edge of out.get(name) ?? []) reached.add(edge.to);
  return reached;
}

/** Circles without a route in them are refused by validation. */
function tellLoop({ value, path }: GraphEdge, log: ImportLog): void {
  if (value === undefined) return;
  const message =
    'this edge leads back: NullBoiler never runs a node again because of a route (only because of a goto), here the loop runs, bounded by maxSteps';
  log.remark('route_loop', path, message);
}

/** The edges that lead back to where the search from the start came from. Without recursion: a chain may be long. */
function backEdges(edges: readonly GraphEdge[]): Set<GraphEdge> {
  const out = Map.groupBy(edges, (edge) => edge.from);
  const backs = new Set<GraphEdge>();
  const state = new Map<string, 'open' | 'done'>([[START, 'open']]);
  const stack = [{ name: START, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const edge = out.get(top.name)?.[top.next];
    top.next += 1;
    if (edge === undefined) {
      state.set(top.name, 'done');
      stack.pop();
    } else if (state.get(edge.to) === 'open') backs.add(edge);
    else if (!state.has(edge.to)) {
      state.set(edge.to, 'open');
      stack.push({ name: edge.to, next: 0 });
    }
  }
  return backs;
}

/** Where a node has edges of both kinds NullBoiler wants one of those on a value to be taken, and else never goes on. */
function tellMixedJoins(edges: readonly GraphEdge[], log: ImportLog): void {
  for (const inbound of Map.groupBy(edges, (edge) => edge.to).values()) {
    const routes = new Set(inbound.flatMap((edge) => (edge.value === undefined ? [] : [edge.from])));
    const plain = inbound.find((edge) => edge.value === undefined && !routes.has(edge.from));
    const first = inbound.find((edge) => edge.value !== undefined);
    if (plain === undefined || first === undefined) continue;
    const message = `beside edges that are always taken leads one on a value to ${quote(first.to)}: when it is not taken, NullBoiler is stuck, and here the node runs`;
    log.remark('mixed_join', first.path, message);
  }
}
