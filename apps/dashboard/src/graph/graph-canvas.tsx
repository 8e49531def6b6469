import type { GraphDrawing } from '@weft/contract';
import { useEffect, useMemo, useRef } from 'react';

import { useTheme } from '../style/theme.ts';
import { boxAt, fitted, moved, zoomed } from './camera.ts';
import { themeColours } from './colours.ts';
import { draw } from './draw.ts';
import type { Camera } from './draw.ts';
import type { NodeState } from './node-states.ts';
import { useLayout } from './use-layout.ts';

export type GraphProps = {
  drawing: Pick<GraphDrawing, 'nodes' | 'edges'>;
  states: ReadonlyMap<string, NodeState>;
  selected: string | null;
  onSelect: (node: string | null) => void;
};

/** A graph to look at with the mouse; the list beside it (`NodeTree`) says the same to everybody else. */
export function GraphCanvas({ drawing, states, selected, onSelect }: GraphProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const layout = useLayout(drawing);
  const theme = useTheme();
  const types = useMemo(() => new Map(drawing.nodes.map(({ name, type, uses }) => [name, uses ?? type])), [drawing]);
  const painter = useRef<Painter | null>(null);
  useEffect(() => {
    if (!ref.current) return undefined;
    painter.current = new Painter(ref.current);
    return () => painter.current?.stop();
  }, []);
  useEffect(() => {
    if (painter.current) painter.current.onSelect = onSelect;
  }, [onSelect]);
  useEffect(() => {
    painter.current?.show({ layout, states, types, selected });
  }, [layout, states, types, selected, theme]);
  return (
    <div className="graph">
      <canvas ref={ref} aria-hidden="true" />
      <div className="graph-tools">
        <button type="button" onClick={() => painter.current?.zoom(1.25)} aria-label="Larger">
          +
        </button>
        <button type="button" onClick={() => painter.current?.zoom(0.8)} aria-label="Smaller">
          −
        </button>
        <button type="button" data-key="f" onClick={() => painter.current?.fit()}>
          Fit
        </button>
      </div>
    </div>
  );
}

type Shown = {
  layout: ReturnType<typeof useLayout>;
  states: GraphProps['states'];
  types: ReadonlyMap<string, string>;
  selected: string | null;
};

/** Keeps a canvas drawn: at most once a frame, and only when something has changed. */
class Painter {
  onSelect: GraphProps['onSelect'] = () => undefined;
  readonly #canvas: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  #shown: Shown | null = null;
  #camera: Camera = { x: 0, y: 0, zoom: 1 };
  /** Whoever has moved it keeps what they look at. */
  #isMoved = false;
  #frame = 0;
  #drag: { x: number; y: number; isMoved: boolean } | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#observer = new ResizeObserver(() => (this.#isMoved ? this.#redraw() : this.fit()));
    this.#observer.observe(canvas);
    canvas.addEventListener('wheel', this.#wheel, { passive: false });
    canvas.addEventListener('pointerdown', this.#down);
    canvas.addEventListener('pointermove', this.#move);
    canvas.addEventListener('pointerup', this.#up);
  }

  show(shown: Shown): void {
    const isOther = shown.layout !== this.#shown?.layout;
    this.#shown = shown;
    if (isOther && !this.#isMoved) this.fit();
    else this.#redraw();
  }

  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (this.#shown?.layout) this.#camera = fitted(this.#shown.layout, { width, height });
    this.#isMoved = false;
    this.#redraw();
  }

  zoom(factor: number, at = { x: this.#canvas.clientWidth / 2, y: this.#canvas.clientHeight / 2 }): void {
    this.#camera = zoomed(this.#camera, factor, at);
    this.#isMoved = true;
    this.#redraw();
  }

  stop(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  readonly #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), { x: event.offsetX, y: event.offsetY });
  };

  readonly #down = (event: PointerEvent): void => {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#drag = { x: event.clientX, y: event.clientY, isMoved: false };
  };

  readonly #move = (event: PointerEvent): void => {
    const drag = this.#drag;
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.isMoved && Math.hypot(dx, dy) < 4) return;
    this.#drag = { x: event.clientX, y: event.clientY, isMoved: true };
    this.#camera = moved(this.#camera, dx, dy);
    this.#isMoved = true;
    this.#redraw();
  };

  readonly #up = (event: PointerEvent): void => {
    const wasMoved = this.#drag?.isMoved;
    this.#drag = null;
    if (wasMoved || !this.#shown?.layout) return;
    const box = boxAt(this.#shown.layout, this.#camera, { x: event.offsetX, y: event.offsetY });
    this.onSelect(box?.name ?? null);
  };

  #redraw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const canvas = this.#canvas;
    const context = canvas.getContext('2d');
    if (!context || !this.#shown?.layout) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const { layout, states, types, selected } = this.#shown;
    draw(context, { layout, camera: this.#camera, width, height, states, types, selected, colours: themeColours() });
  }
}
