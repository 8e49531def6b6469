import type { Camera } from './draw.ts';
import type { Box, Layout } from './layout.ts';
import { NODE_HEIGHT, NODE_WIDTH } from './layout.ts';

const MARGIN = 24;
const LEAST_ZOOM = 0.02;
const MOST_ZOOM = 3;

type Size = { width: number; height: number };

/** All of the graph in sight, but never larger than life. */
export function fitted(layout: Layout, { width, height }: Size): Camera {
  const zoom = Math.min(
    1,
    (width - 2 * MARGIN) / Math.max(1, layout.width),
    (height - 2 * MARGIN) / Math.max(1, layout.height),
  );
  const used = Math.max(LEAST_ZOOM, zoom);
  return { zoom: used, x: (layout.width - width / used) / 2, y: (layout.height - height / used) / 2 };
}

/** The point of the canvas stays where it is. */
export function zoomed(camera: Camera, factor: number, at: { x: number; y: number }): Camera {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor));
  return {
    zoom,
    x: camera.x + at.x / camera.zoom - at.x / zoom,
    y: camera.y + at.y / camera.zoom - at.y / zoom,
  };
}

export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.zoom, y: camera.y - dy / camera.zoom };
}

export function boxAt(layout: Layout, camera: Camera, at: { x: number; y: number }): Box | null {
  const [x, y] = [camera.x + at.x / camera.zoom, camera.y + at.y / camera.zoom];
  return (
    layout.boxes.find((box) => x >= box.x && x <= box.x + NODE_WIDTH && y >= box.y && y <= box.y + NODE_HEIGHT) ?? null
  );
}
