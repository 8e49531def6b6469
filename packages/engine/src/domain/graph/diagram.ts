/** A document's graph as data; `mermaid.ts` and `dot.ts` make pictures of it. */
import { END, START } from '@weft/contract';

import { documentEdges, startNodes } from './edges.ts';
import type { Edge, EdgeSource, EdgeSourceNode } from './edges.ts';
import { loopEdges } from './loops.ts';

/** `status` is that of the node's tasks in a run. */
export type DiagramNode = { name: string; type: string; uses?: string; status?: string };

/**
 * `label` says when the edge is taken, if it is not always; `isBack` that it leads back to the head of a loop. `item` is the
 * way of the items of a send, which is no edge.
 */
export type DiagramEdge = { from: string; to: string; kind: Edge['kind'] | 'item'; label?: string; isBack?: true };

/** Nodes in the order of the document; edges include those from `__start__` and to `__end__`. */
export type Diagram = { nodes: DiagramNode[]; edges: DiagramEdge[] };

type DiagramSource = EdgeSource & {
  nodes: Record<string, EdgeSourceNode & { uses?: string | undefined; target?: string | undefined }>;
};

/** The graph of a valid document, with the statuses by node of a run of it. */
export function diagramOf(
  document: DiagramSource,
  { statuses }: { statuses?: ReadonlyMap<string, string> } = {},
): Diagram {
  const edges = documentEdges(document);
  const items = itemEdges(document);
  const targets = new Set(items.map(({ to }) => to));
  const names = Object.keys(document.nodes).filter((name) => !targets.has(name));
  const { backs } = loopEdges(names, edges);
  const forward = edges.filter((edge) => !backs.has(edge));
  const started = new Set(edges.filter(({ from }) => from === START).map(({ to }) => to));
  const leaving = new Set(edges.filter(({ kind }) => kind !== 'goto').map(({ from }) => from));
  return {
    nodes: Object.entries(document.nodes).map(([name, node]) => toDiagramNode(name, node, statuses?.get(name))),
    edges: [
      ...startNodes(names, forward).flatMap((to) => (started.has(to) ? [] : [plain(START, to)])),
      ...edges.map((edge) => toDiagramEdge(edge, backs.has(edge))),
      ...items,
      ...names.flatMap((from) => (leaving.has(from) ? [] : [plain(from, END)])),
    ],
  };
}

function toDiagramNode(
  name: string,
  { type, uses }: DiagramSource['nodes'][string],
  status: string | undefined,
): DiagramNode {
  return { name, type, ...(uses !== undefined && { uses }), ...(status !== undefined && { status }) };
}

function itemEdges({ nodes }: DiagramSource): DiagramEdge[] {
  return Object.entries(nodes).flatMap(([from, { type, target }]): DiagramEdge[] =>
    type === 'send' && target !== undefined ? [{ from, to: target, kind: 'item', label: 'each item' }] : [],
  );
}

function plain(from: string, to: string): DiagramEdge {
  return { from, to, kind: 'plain' };
}

function toDiagramEdge({ from, to, kind, values, isDefault }: Edge, isBack: boolean): DiagramEdge {
  const labels = [...(values ?? []), ...(isDefault ? ['default'] : [])];
  const label = kind === 'goto' ? 'on failure' : labels.join(', ');
  return { from, to, kind, ...(label !== '' && { label }), ...(isBack && { isBack }) };
}
