/** Draws a graph on a canvas: what is out of sight is left out, and so are texts that nobody could read. */
import { SHAPES } from '../parts/status-mark.tsx';
import type { Box, Layout, Line } from './layout.ts';
import { NODE_HEIGHT, NODE_WIDTH } from './layout.ts';
import type { NodeState } from './node-states.ts';

/** What is where: a point p of the graph is at (p - at) * zoom. */
export type Camera = { x: number; y: number; zoom: number };

export type Scene = {
  layout: Layout;
  camera: Camera;
  width: number;
  height: number;
  states: ReadonlyMap<string, NodeState>;
  types: ReadonlyMap<string, string>;
  selected: string | null;
  colours: Colours;
};

export type Colours = Readonly<Record<'ink' | 'soft' | 'line' | 'panel' | 'accent' | NodeState['status'], string>>;

const READABLE_ZOOM = 0.35;
const LABELLED_ZOOM = 0.7;
const TEXT = '12px system-ui, sans-serif';

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { camera, width, height, layout } = scene;
  const ratio = devicePixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(
    ratio * camera.zoom,
    0,
    0,
    ratio * camera.zoom,
    -camera.x * camera.zoom * ratio,
    -camera.y * camera.zoom * ratio,
  );
  drawLines(context, scene);
  const seen = layout.boxes.filter((box) => isSeen(box, scene));
  const byColour = Map.groupBy(seen, ({ name }) => scene.states.get(name)?.status ?? 'none');
  for (const [status, boxes] of byColour) drawBoxes(context, scene, { boxes, status });
  if (camera.zoom > READABLE_ZOOM) for (const box of seen) drawText(context, scene, box);
}

function isSeen({ x, y }: { x: number; y: number }, { camera, width, height }: Scene): boolean {
  const [right, bottom] = [camera.x + width / camera.zoom, camera.y + height / camera.zoom];
  return x < right && y < bottom && x + NODE_WIDTH > camera.x && y + NODE_HEIGHT > camera.y;
}

/** All lines of one look in one path, which is far quicker than each in its own. */
function drawLines(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, colours, states, camera } = scene;
  const looks: [dim: boolean, isBack: boolean][] = [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ];
  for (const [isDim, isBack] of looks) {
    const lines = layout.lines.filter(
      (line) => line.isBack === isBack && isUntaken(line, layout, states) === isDim && isLineSeen(line, scene),
    );
    context.beginPath();
    for (const line of lines) trace(context, layout, line);
    context.globalAlpha = isDim ? 0.35 : 0.9;
    context.setLineDash(isBack ? [5, 4] : []);
    context.strokeStyle = colours.soft;
    context.lineWidth = 1.4;
    context.stroke();
    if (camera.zoom > LABELLED_ZOOM) for (const line of lines) drawLabel(context, scene, line);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Whether the run goes another way. */
function isUntaken({ to }: Line, { boxes }: Layout, states: Scene['states']): boolean {
  const status = states.get(boxes[to]?.name ?? '')?.status;
  return states.size > 0 && (status === undefined || status === 'skipped');
}

function isLineSeen({ from, to }: Line, { layout, camera, width, height }: Scene): boolean {
  const [a, b] = [layout.boxes[from], layout.boxes[to]];
  if (!a || !b) return false;
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x) + NODE_WIDTH];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y) + NODE_HEIGHT];
  return (
    left < camera.x + width / camera.zoom &&
    right > camera.x &&
    top < camera.y + height / camera.zoom &&
    bottom > camera.y
  );
}

function trace(context: CanvasRenderingContext2D, { boxes }: Layout, { from, to, isBack }: Line): void {
  const [a, b] = [boxes[from], boxes[to]];
  if (!a || !b) return;
  const [x1, y1] = isBack ? [a.x + NODE_WIDTH / 2, a.y + NODE_HEIGHT] : [a.x + NODE_WIDTH, a.y + NODE_HEIGHT / 2];
  const [x2, y2] = isBack ? [b.x + NODE_WIDTH / 2, b.y + NODE_HEIGHT] : [b.x, b.y + NODE_HEIGHT / 2];
  context.moveTo(x1, y1);
  if (isBack) context.bezierCurveTo(x1, y1 + 50, x2, y2 + 50, x2, y2);
  else context.bezierCurveTo(x1 + 32, y1, x2 - 32, y2, x2, y2);
  const tip = isBack ? [x2 - 4, y2 + 7, x2 + 4, y2 + 7] : [x2 - 7, y2 - 4, x2 - 7, y2 + 4];
  context.moveTo(tip[0] ?? x2, tip[1] ?? y2);
  context.lineTo(x2, y2);
  context.lineTo(tip[2] ?? x2, tip[3] ?? y2);
}

function drawLabel(context: CanvasRenderingContext2D, { layout, colours }: Scene, { from, to, label }: Line): void {
  const [a, b] = [layout.boxes[from], layout.boxes[to]];
  if (!a || !b || label === null) return;
  context.globalAlpha = 1;
  context.font = '11px system-ui, sans-serif';
  context.fillStyle = colours.soft;
  context.textAlign = 'center';
  const text = clip(context, label, 90);
  context.fillText(text, (a.x + NODE_WIDTH + b.x) / 2, (a.y + b.y + NODE_HEIGHT) / 2 - 5);
  context.textAlign = 'left';
}

function drawBoxes(
  context: CanvasRenderingContext2D,
  { colours, selected }: Scene,
  { boxes, status }: { boxes: readonly Box[]; status: NodeState['status'] | 'none' },
): void {
  const colour = status === 'none' ? colours.line : colours[status];
  context.beginPath();
  for (const { x, y } of boxes) context.roundRect(x, y, NODE_WIDTH, NODE_HEIGHT, 7);
  context.fillStyle = colours.panel;
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.beginPath();
  for (const { x, y } of boxes) context.roundRect(x, y, 5, NODE_HEIGHT, [7, 0, 0, 7]);
  context.fillStyle = colour;
  context.fill();
  const chosen = boxes.find(({ name }) => name === selected);
  if (!chosen) return;
  context.beginPath();
  context.roundRect(chosen.x - 3, chosen.y - 3, NODE_WIDTH + 6, NODE_HEIGHT + 6, 9);
  context.strokeStyle = colours.accent;
  context.lineWidth = 2.5;
  context.stroke();
}

function drawText(context: CanvasRenderingContext2D, { states, types, colours }: Scene, { name, x, y }: Box): void {
  const state = states.get(name);
  context.font = `600 ${TEXT}`;
  context.fillStyle = colours.ink;
  context.fillText(clip(context, name, NODE_WIDTH - 42), x + 14, y + 19);
  context.font = TEXT;
  context.fillStyle = colours.soft;
  context.fillText(clip(context, secondLine(state, types.get(name) ?? ''), NODE_WIDTH - 24), x + 14, y + 36);
  if (!state) return;
  context.fillStyle = colours[state.status];
  context.font = '600 14px system-ui, sans-serif';
  context.fillText(SHAPES[state.status], x + NODE_WIDTH - 22, y + 20);
}

/** Of many tasks, such as the items of a send, how many are how. */
export function secondLine(state: NodeState | undefined, type: string): string {
  if (!state) return type;
  if (state.tasks === 1)
    return state.failures > 0 ? `${state.status} · ${state.failures} failed` : `${type} · ${state.status}`;
  const counts = Object.entries(state.counts) as [NodeState['status'], number][];
  return `×${state.tasks} ${counts.map(([status, many]) => `${SHAPES[status]}${many}`).join(' ')}`;
}

const clipped = new Map<string, string>();

function clip(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font} ${width} ${text}`;
  const known = clipped.get(key);
  if (known !== undefined) return known;
  let short = text;
  while (short.length > 1 && context.measureText(short).width > width) short = `${short.slice(0, -2).trimEnd()}…`;
  if (clipped.size > 20_000) clipped.clear();
  clipped.set(key, short);
  return short;
}
