import { END, START } from '@weft/contract';
import { caption, edgeText, idsOf, STATUS_COLORS } from './diagram-text.ts';
import type { Diagram, DiagramEdge, DiagramNode } from './diagram.ts';

/** Mermaid's flowchart. Names stand in labels only, escaped; ids are numbers. */
export function toMermaid({ nodes, edges }: Diagram): string {
  const ids = idsOf(nodes);
  const lines = ['flowchart TD', `  ${ids.get(START)}(("start"))`];
  for (const node of nodes) lines.push(`  ${ids.get(node.name)}${shapeOf(node)}`);
  lines.push(`  ${ids.get(END)}(("end"))`);
  for (const edge of edges) {
    const label = edgeText(edge);
    const text = label === undefined ? '' : `|"${escape(label)}"|`;
    lines.push(`  ${ids.get(edge.from)} ${arrowOf(edge)}${text} ${ids.get(edge.to)}`);
  }
  return `${[...lines, ...colorsOf(nodes, ids)].join('\n')}\n`;
}

/** One class for each status that there is. */
function colorsOf(nodes: readonly DiagramNode[], ids: ReadonlyMap<string, string>): string[] {
  const byStatus = Map.groupBy(nodes, ({ status }) => status);
  return [...STATUS_COLORS].flatMap(([status, { fill, border }]) => {
    const members = (byStatus.get(status) ?? []).map(({ name }) => ids.get(name));
    if (members.length === 0) return [];
    const style = `fill:${fill},stroke:${border},color:#212529`;
    return [`  classDef ${status} ${style}`, `  class ${members.join(',')} ${status}`];
  });
}

function arrowOf({ kind, isBack }: DiagramEdge): string {
  if (kind === 'goto' || kind === 'item') return '-.->';
  return isBack ? '==>' : '-->';
}

function shapeOf(node: DiagramNode): string {
  const text = `"${escape(caption(node))}"`;
  switch (node.type) {
    case 'route':
      return `{${text}}`;
    case 'transform':
      return `(${text})`;
    case 'interrupt':
      return `[/${text}/]`;
    case 'send':
      return `[[${text}]]`;
    case 'subgraph':
      return `[/${text}\\]`;
    case 'wait':
      return `([${text}])`;
    default:
      return `[${text}]`;
  }
}

/** Mermaid has no escapes but numeric entities. */
function escape(text: string): string {
  const escaped = text.replace(/[^\p{L}\p{N} _.,:\-\n]/gu, (character) => `#${character.codePointAt(0)};`);
  return escaped.replaceAll('\n', '<br/>');
}
