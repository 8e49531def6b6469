/** A document's graph as a picture: Mermaid and DOT text, or plain JSON. */
import { END, START } from '@weft/contract';

import { documentEdges, startNodes } from './edges.ts';
import type { Edge, EdgeSource } from './edges.ts';

export type DiagramNode = { name: string; type: string; uses?: string };

/** `label` says when the edge is taken, if it is not always. */
export type DiagramEdge = { from: string; to: string; kind: Edge['kind']; label?: string };

/** Nodes in the order of the document; edges include those from `__start__` and to `__end__`. */
export type Diagram = { nodes: DiagramNode[]; edges: DiagramEdge[] };

type DiagramSource = EdgeSource & {
  nodes: Record<string, EdgeSource['nodes'][string] & { uses?: string | undefined }>;
};

/** The graph of a valid document. */
export function diagramOf(document: DiagramSource): Diagram {
  const edges = documentEdges(document);
  const names = Object.keys(document.nodes);
  const leaving = new Set(edges.filter(({ kind }) => kind !== 'goto').map(({ from }) => from));
  const started = new Set(edges.filter(({ from }) => from === START).map(({ to }) => to));
  const implied: DiagramEdge[] = [
    ...startNodes(names, edges).flatMap((to) => (started.has(to) ? [] : [plain(START, to)])),
    ...names.flatMap((from) => (leaving.has(from) ? [] : [plain(from, END)])),
  ];
  return {
    nodes: Object.entries(document.nodes).map(([name, { type, uses }]) => ({
      name,
      type,
      ...(uses !== undefined && { uses }),
    })),
    edges: [
      ...implied.filter(({ from }) => from === START),
      ...edges.map(toDiagramEdge),
      ...implied.filter(({ to }) => to === END),
    ],
  };
}

/** Mermaid's flowchart. Names stand in labels only, escaped; ids are numbers. */
export function toMermaid({ nodes, edges }: Diagram): string {
  const ids = idsOf(nodes);
  const lines = ['flowchart TD', `  ${ids.get(START)}(("start"))`];
  for (const node of nodes) lines.push(`  ${ids.get(node.name)}${mermaidShape(node)}`);
  lines.push(`  ${ids.get(END)}(("end"))`);
  for (const { from, to, kind, label } of edges) {
    const arrow = kind === 'goto' ? '-.->' : '-->';
    lines.push(`  ${ids.get(from)} ${arrow}${label === undefined ? '' : `|"${mermaidText(label)}"|`} ${ids.get(to)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Graphviz. */
export function toDot({ nodes, edges }: Diagram): string {
  const ids = idsOf(nodes);
  const lines = ['digraph workflow {', '  rankdir=TB;', `  ${ids.get(START)} [label="start", shape=circle];`];
  for (const node of nodes) {
    const shape = node.type === 'route' ? 'diamond' : 'box';
    lines.push(`  ${ids.get(node.name)} [label=${dotText(caption(node))}, shape=${shape}];`);
  }
  lines.push(`  ${ids.get(END)} [label="end", shape=doublecircle];`);
  for (const { from, to, kind, label } of edges) {
    const options = [
      ...(label === undefined ? [] : [`label=${dotText(label)}`]),
      ...(kind === 'goto' ? ['style=dashed'] : []),
    ];
    lines.push(`  ${ids.get(from)} -> ${ids.get(to)}${options.length > 0 ? ` [${options.join(', ')}]` : ''};`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function plain(from: string, to: string): DiagramEdge {
  return { from, to, kind: 'plain' };
}

function toDiagramEdge({ from, to, kind, values, isDefault }: Edge): DiagramEdge {
  const labels = [...(values ?? []), ...(isDefault ? ['default'] : [])];
  const label = kind === 'goto' ? 'on failure' : labels.join(', ');
  return { from, to, kind, ...(label !== '' && { label }) };
}

function idsOf(nodes: readonly DiagramNode[]): Map<string, string> {
  const ids = new Map([
    [START, 'start_'],
    [END, 'end_'],
  ]);
  for (const [i, { name }] of nodes.entries()) ids.set(name, `n${i}`);
  return ids;
}

function caption({ name, type, uses }: DiagramNode): string {
  return `${name}\n${uses ?? type}`;
}

function mermaidShape(node: DiagramNode): string {
  const text = `"${mermaidText(caption(node))}"`;
  switch (node.type) {
    case 'route':
      return `{${text}}`;
    case 'transform':
      return `[/${text}/]`;
    default:
      return `[${text}]`;
  }
}

/** Mermaid has no escapes but numeric entities. */
function mermaidText(text: string): string {
  const escaped = text.replace(/[^\p{L}\p{N} _.,:\-\n]/gu, (character) => `#${character.codePointAt(0)};`);
  return escaped.replaceAll('\n', '<br/>');
}

function dotText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
