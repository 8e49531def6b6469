import type { GraphDrawing } from '@weft/contract';
import { useEffect, useState } from 'react';

import type { Layout } from './layout.ts';

let worker: Worker | null = null;
let nextId = 1;
const waiting = new Map<number, (layout: Layout) => void>();

/** The layout of the graph; null until it is there. It is made anew when the graph has other nodes or edges. */
export function useLayout(drawing: Pick<GraphDrawing, 'nodes' | 'edges'>): Layout | null {
  const [layout, setLayout] = useState<Layout | null>(null);
  const shape = JSON.stringify([drawing.nodes.map(({ name }) => name), drawing.edges]);
  useEffect(() => {
    const id = nextId;
    nextId += 1;
    waiting.set(id, setLayout);
    layoutWorker().postMessage({ id, drawing });
    return () => void waiting.delete(id);
  }, [shape]);
  return layout;
}

function layoutWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data: { id, layout } }: MessageEvent<{ id: number; layout: Layout }>) => {
    waiting.get(id)?.(layout);
    waiting.delete(id);
  });
  return worker;
}
