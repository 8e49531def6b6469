/** What all pictures of a diagram have in common. */
import { END, START } from '@weft/contract';
import type { DiagramEdge, DiagramNode } from './diagram.ts';

/** Names may hold anything, so what stands for them is made of numbers. */
export function idsOf(nodes: readonly DiagramNode[]): Map<string, string> {
  const ids = new Map([
    [START, 'start_'],
    [END, 'end_'],
  ]);
  for (const [i, { name }] of nodes.entries()) ids.set(name, `n${i}`);
  return ids;
}

/** What stands in a node. */
export function caption({ name, type, uses }: DiagramNode): string {
  return `${name}\n${uses ?? type}`;
}

/** What stands at an edge; a way back is marked. */
export function edgeText({ label, isBack }: DiagramEdge): string | undefined {
  if (!isBack) return label;
  return label === undefined ? 'back' : `back: ${label}`;
}

/** The colours of a node by the status of its tasks: what fills it, and its border. */
export const STATUS_COLORS: ReadonlyMap<string, { fill: string; border: string }> = new Map([
  ['pending', { fill: '#f1f3f5', border: '#868e96' }],
  ['ready', { fill: '#e7f5ff', border: '#1c7ed6' }],
  ['running', { fill: '#a5d8ff', border: '#1864ab' }],
  ['waiting', { fill: '#fff3bf', border: '#e67700' }],
  ['succeeded', { fill: '#d3f9d8', border: '#2b8a3e' }],
  ['failed', { fill: '#ffc9c9', border: '#c92a2a' }],
  ['cancelled', { fill: '#e9ecef', border: '#495057' }],
  ['skipped', { fill: '#ffffff', border: '#adb5bd' }],
]);
