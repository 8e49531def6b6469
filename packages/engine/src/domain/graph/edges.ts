/**
 * Which edges a document has: the one place that reads `edges`, `needs`, `routes` and `onFailure.goto`, so that what is
 * validated and what is run are the same graph.
 */
import { START } from '@weft/contract';

/**
 * `plain`: taken when the source has succeeded; `route`: taken when the route chose one of `values` (or matched nothing
 * and `isDefault`); `goto`: taken, instead of the others, when the source has finally failed. `from` may be `__start__`
 * and `to` may be `__end__`; in a valid document every other name is a node's.
 */
export type Edge = {
  from: string;
  to: string;
  kind: 'plain' | 'route' | 'goto';
  /** Only for `route`: the values that lead to this target; empty if only the default does. */
  values?: string[];
  /** Only for `route`: whether the route's default leads to this target. */
  isDefault?: boolean;
};

/** One place where a document writes an edge, with the path of the name that it refers to. */
export type WrittenEdge = {
  from: string;
  to: string;
  kind: Edge['kind'];
  /** Only for `route`: the value; absent for the default. */
  value?: string;
  path: (string | number)[];
};

/** As much of a document as its edges depend on; a `WorkflowDocument` is one. */
export type EdgeSource = {
  nodes: Record<string, EdgeSourceNode>;
  edges?: readonly (readonly [string, string])[] | undefined;
};
export type EdgeSourceNode = {
  type: string;
  needs?: readonly string[] | undefined;
  routes?: Record<string, string> | undefined;
  default?: unknown;
  onFailure?: string | { goto: string } | undefined;
};

/**
 * The document's edges, each once, in a fixed order: those of routes first, then plain ones, then gotos, each in the order
 * of the document. A route has at most one route edge to a target, which carries all the values that lead there; `needs`
 * on that target and a pair `[route, target]` add no plain edge beside it.
 */
export function documentEdges(document: EdgeSource): Edge[] {
  const edges = new Map<string, Edge>();
  for (const written of writtenEdges(document)) {
    const key = edgeKey(written.kind, written);
    const known = edges.get(key);
    if (known) addValue(known, written);
    else if (written.kind !== 'plain' || !edges.has(edgeKey('route', written))) edges.set(key, toEdge(written));
  }
  return [...edges.values()];
}

/** Every place that writes an edge, doubles included, in the order of `documentEdges`. */
export function writtenEdges(document: EdgeSource): WrittenEdge[] {
  const pairs = (document.edges ?? []).map(writtenPair);
  const nodes = Object.entries(document.nodes);
  return [
    ...nodes.flatMap(([name, node]) => (node.type === 'route' ? routeEdges(name, node) : [])),
    ...pairs.filter((edge) => edge.kind === 'route'),
    ...nodes.flatMap(([name, node]) => needEdges(name, node)),
    ...pairs.filter((edge) => edge.kind === 'plain'),
    ...nodes.flatMap(([name, node]) => gotoEdges(name, node)),
  ];
}

/** The nodes that start with the run: those with an edge from `__start__`, and those without any inbound edge. */
export function startNodes(names: Iterable<string>, edges: readonly Edge[]): string[] {
  const started = new Set<string>();
  const inbound = new Set<string>();
  for (const edge of edges) (edge.from === START ? started : inbound).add(edge.to);
  return [...names].filter((name) => started.has(name) || !inbound.has(name));
}

function routeEdges(from: string, node: EdgeSourceNode): WrittenEdge[] {
  const edges: WrittenEdge[] = [];
  for (const [value, to] of Object.entries(node.routes ?? {})) {
    edges.push({ from, to, kind: 'route', value, path: ['nodes', from, 'routes', value] });
  }
  if (typeof node.default === 'string') {
    edges.push({ from, to: node.default, kind: 'route', path: ['nodes', from, 'default'] });
  }
  return edges;
}

function needEdges(to: string, node: EdgeSourceNode): WrittenEdge[] {
  return (node.needs ?? []).map((from, index) => ({ from, to, kind: 'plain', path: ['nodes', to, 'needs', index] }));
}

function gotoEdges(from: string, node: EdgeSourceNode): WrittenEdge[] {
  if (typeof node.onFailure !== 'object') return [];
  return [{ from, to: node.onFailure.goto, kind: 'goto', path: ['nodes', from, 'onFailure', 'goto'] }];
}

/** A node's name holds no colon, so the first one begins the route's value. */
function writtenPair([source, to]: readonly [string, string], index: number): WrittenEdge {
  const colon = source.indexOf(':');
  if (colon < 0) return { from: source, to, kind: 'plain', path: ['edges', index] };
  return { from: source.slice(0, colon), to, kind: 'route', value: source.slice(colon + 1), path: ['edges', index] };
}

function toEdge({ from, to, kind, value }: WrittenEdge): Edge {
  if (kind !== 'route') return { from, to, kind };
  return { from, to, kind, values: value === undefined ? [] : [value], isDefault: value === undefined };
}

function addValue(edge: Edge, { kind, value }: WrittenEdge): void {
  if (kind !== 'route') return;
  if (value === undefined) edge.isDefault = true;
  else if (!edge.values?.includes(value)) edge.values?.push(value);
}

/** Names hold no control characters, so NUL cannot make two keys equal. */
function edgeKey(kind: Edge['kind'], { from, to }: { from: string; to: string }): string {
  return `${kind}\u0000${from}\u0000${to}`;
}
