/** Places the nodes of a graph in layers from left to right. Pure. */
import type { GraphDrawing } from '@weft/contract';

export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 46;
const GAP_X = 64;
const GAP_Y = 22;
const SWEEPS = 4;

export type Box = { name: string; x: number; y: number };
export type Line = { from: number; to: number; label: string | null; isBack: boolean; kind: string };
/** `lines` name boxes by their index. */
export type Layout = { boxes: Box[]; lines: Line[]; width: number; height: number };

export function layOut({ nodes, edges }: Pick<GraphDrawing, 'nodes' | 'edges'>): Layout {
  const index = new Map(nodes.map(({ name }, at) => [name, at]));
  const lines = edges.flatMap(({ from, to, label, isBack, kind }): Line[] => {
    const [a, b] = [index.get(from), index.get(to)];
    return a === undefined || b === undefined
      ? []
      : [{ from: a, to: b, label: label ?? null, isBack: isBack === true, kind }];
  });
  const forward = lines.filter(({ isBack }) => !isBack);
  const layers = toLayers(ranksOf(nodes.length, forward));
  order(layers, forward, nodes.length);
  return place(layers, { names: nodes.map(({ name }) => name), lines });
}

/** The longest way from a node without edges before it. */
function ranksOf(count: number, lines: readonly Line[]): number[] {
  const ranks = Array.from({ length: count }, () => 0);
  const open = Array.from({ length: count }, () => 0);
  const next = neighbours(count, lines, 'from');
  for (const { to } of lines) open[to] = (open[to] ?? 0) + 1;
  const ready = open.flatMap((before, at) => (before === 0 ? [at] : []));
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    for (const to of next[at] ?? []) {
      ranks[to] = Math.max(ranks[to] ?? 0, (ranks[at] ?? 0) + 1);
      open[to] = (open[to] ?? 0) - 1;
      if (open[to] === 0) ready.push(to);
    }
  }
  return ranks;
}

function toLayers(ranks: readonly number[]): number[][] {
  const layers: number[][] = Array.from(
    { length: ranks.reduce((most, rank) => Math.max(most, rank), -1) + 1 },
    () => [],
  );
  for (const [at, rank] of ranks.entries()) layers[rank]?.push(at);
  return layers;
}

/** Sorts each layer by the mean place of the neighbours, forth and back, so that few lines cross. */
function order(layers: number[][], lines: readonly Line[], count: number): void {
  const before = neighbours(count, lines, 'to');
  const after = neighbours(count, lines, 'from');
  const places = new Float64Array(count);
  const note = (layer: readonly number[]) => layer.forEach((at, index) => (places[at] = index - layer.length / 2));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForth = sweep % 2 === 0;
    for (const layer of isForth ? layers : layers.toReversed()) {
      const near = isForth ? before : after;
      const means = new Map(layer.map((at) => [at, mean(near[at] ?? [], places, places[at] ?? 0)]));
      layer.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0));
      note(layer);
    }
  }
}

function mean(of: readonly number[], places: Float64Array, otherwise: number): number {
  return of.length === 0 ? otherwise : of.reduce((sum, at) => sum + (places[at] ?? 0), 0) / of.length;
}

function neighbours(count: number, lines: readonly Line[], end: 'from' | 'to'): number[][] {
  const found: number[][] = Array.from({ length: count }, () => []);
  const other = end === 'from' ? 'to' : 'from';
  for (const line of lines) found[line[end]]?.push(line[other]);
  return found;
}

function place(layers: readonly number[][], { names, lines }: { names: readonly string[]; lines: Line[] }): Layout {
  const boxes: Box[] = names.map((name) => ({ name, x: 0, y: 0 }));
  const tallest = layers.reduce((most, { length }) => Math.max(most, length), 0);
  const height = tallest * (NODE_HEIGHT + GAP_Y) - GAP_Y;
  for (const [rank, layer] of layers.entries()) {
    const top = (height - (layer.length * (NODE_HEIGHT + GAP_Y) - GAP_Y)) / 2;
    for (const [at, index] of layer.entries()) {
      const box = boxes[index];
      if (!box) continue;
      box.x = rank * (NODE_WIDTH + GAP_X);
      box.y = top + at * (NODE_HEIGHT + GAP_Y);
    }
  }
  return { boxes, lines, width: layers.length * (NODE_WIDTH + GAP_X) - GAP_X, height: Math.max(height, 0) };
}
