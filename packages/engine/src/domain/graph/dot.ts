import { END, START } from '@weft/contract';
import { caption, edgeText, idsOf, STATUS_COLORS } from './diagram-text.ts';
import type { Diagram, DiagramEdge, DiagramNode } from './diagram.ts';

/** Graphviz. */
export function toDot({ nodes, edges }: Diagram): string {
  const ids = idsOf(nodes);
  const lines = ['digraph workflow {', '  rankdir=TB;', `  ${ids.get(START)} [label="start", shape=circle];`];
  for (const node of nodes) lines.push(`  ${ids.get(node.name)} [${nodeOptions(node).join(', ')}];`);
  lines.push(`  ${ids.get(END)} [label="end", shape=doublecircle];`);
  for (const edge of edges) {
    const options = edgeOptions(edge);
    const list = options.length > 0 ? ` [${options.join(', ')}]` : '';
    lines.push(`  ${ids.get(edge.from)} -> ${ids.get(edge.to)}${list};`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

const SHAPES: ReadonlyMap<string, string> = new Map([
  ['route', 'diamond'],
  ['interrupt', 'parallelogram'],
  ['subgraph', 'trapezium'],
  ['wait', 'ellipse'],
]);

function nodeOptions(node: DiagramNode): string[] {
  const colors = STATUS_COLORS.get(node.status ?? '');
  const styles = [...(node.type === 'transform' ? ['rounded'] : []), ...(colors ? ['filled'] : [])];
  return [
    `label=${quoted(caption(node))}`,
    `shape=${SHAPES.get(node.type) ?? 'box'}`,
    ...(node.type === 'send' ? ['peripheries=2'] : []),
    ...(styles.length > 0 ? [`style=${quoted(styles.join(','))}`] : []),
    ...(colors ? [`fillcolor="${colors.fill}"`, `color="${colors.border}"`] : []),
  ];
}

function edgeOptions(edge: DiagramEdge): string[] {
  const label = edgeText(edge);
  const styles = { goto: 'dashed', item: 'dotted', route: edge.isBack ? 'bold' : '', plain: '' };
  return [
    ...(label === undefined ? [] : [`label=${quoted(label)}`]),
    ...(styles[edge.kind] === '' ? [] : [`style=${styles[edge.kind]}`]),
  ];
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
