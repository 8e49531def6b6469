/** Draws a run's graph from left to right, each node in the colour of its status. */

const SVG = 'http://www.w3.org/2000/svg';
const BOX = { width: 150, height: 34, gapX: 50, gapY: 12 };
/** How far a way back hangs below its nodes, so that it is not hidden by those on the way. */
const SAG = 30;
const MAX_NODES = 300;

/** The picture, or a sentence where there are too many nodes for one. */
export function drawGraph({ nodes, edges }) {
  if (nodes.length > MAX_NODES) return document.createTextNode(`${nodes.length} nodes are too many to draw.`);
  const places = layOut(nodes, edges);
  const all = [...places.values()];
  const width = Math.max(...all.map(({ x }) => x)) + BOX.width + 2;
  const height = Math.max(...all.map(({ y }) => y)) + BOX.height + 2 + (edges.some(({ isBack }) => isBack) ? SAG : 0);
  const svg = element('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' });
  svg.append(text('title', {}, `The graph of ${nodes.length} nodes`));
  for (const edge of edges) {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    if (from && to)
      svg.append(
        element(
          'path',
          edge.isBack ? { d: wayBack(from, to), class: 'back' } : { d: curve(from, to), class: edge.kind },
        ),
      );
  }
  for (const node of nodes) svg.append(box(node, places.get(node.name)));
  return svg;
}

/** A node stands one column behind the last of those that lead to it; gotos and loops do not count. */
function layOut(nodes, edges) {
  const columns = new Map(nodes.map(({ name }) => [name, 0]));
  const forward = edges.filter(
    ({ kind, isBack, from, to }) => kind !== 'goto' && !isBack && columns.has(from) && columns.has(to),
  );
  for (let round = 0, changed = true; changed && round < nodes.length; round += 1) {
    changed = false;
    for (const { from, to } of forward) {
      const column = Math.min(columns.get(from) + 1, nodes.length);
      if (columns.get(to) >= column) continue;
      columns.set(to, column);
      changed = true;
    }
  }
  const filled = new Map();
  const places = new Map();
  for (const { name } of nodes) {
    const column = columns.get(name);
    const row = filled.get(column) ?? 0;
    filled.set(column, row + 1);
    places.set(name, { x: 1 + column * (BOX.width + BOX.gapX), y: 1 + row * (BOX.height + BOX.gapY) });
  }
  return places;
}

function curve(from, to) {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const bend = Math.max(20, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function wayBack(from, to) {
  const [x1, x2] = [from.x + BOX.width / 2, to.x + BOX.width / 2];
  const [y1, y2] = [from.y + BOX.height, to.y + BOX.height];
  return `M${x1} ${y1} C${x1} ${y1 + SAG} ${x2} ${y2 + SAG} ${x2} ${y2}`;
}

function box(node, { x, y }) {
  const { status } = node;
  const group = element('g', { class: status ?? 'none' });
  group.append(element('rect', { x, y, width: BOX.width, height: BOX.height, rx: node.type === 'route' ? 16 : 5 }));
  const label = node.name.length > 20 ? `${node.name.slice(0, 19)}…` : node.name;
  group.append(text('text', { x: x + 10, y: y + 22 }, label));
  group.append(text('title', {}, `${node.name} (${node.uses ?? node.type}): ${status ?? 'not started'}`));
  return group;
}

function text(name, attributes, content) {
  const made = element(name, attributes);
  made.textContent = content;
  return made;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
