import { useEffect, useMemo, useRef } from 'react';

import { themeColours } from '../../graph/colours.ts';
import { axisOf, timelineRows } from '../../graph/timeline.ts';
import type { Axis, TimelineRow } from '../../graph/timeline.ts';
import { useNow } from '../../parts/use-now.ts';
import { duration } from '../../parts/words.ts';
import { useTheme } from '../../style/theme.ts';
import type { RunModel } from './run-model.ts';
import type { Selection } from './selection.ts';

const ROW = 24;
const LABELS = 210;
const HEAD = 26;
/** Rows that are drawn; a run with more shows the first ones. */
const MOST_ROWS = 2000;

/** When each task waited and worked. The table below says the same in words. */
export function TimelineTab({ model, selection }: { model: RunModel; selection: Selection }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const isLive = model.overview?.run.endedAt === null;
  const now = useNow(isLive ? 500 : null);
  const theme = useTheme();
  const tasks = useMemo(() => model.tasks.flatMap(({ task }) => (task ? [task] : [])), [model.tasks]);
  const rows = useMemo(() => timelineRows(tasks, now).slice(0, MOST_ROWS), [tasks, now]);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return undefined;
    const paint = () => paintTimeline(canvas, rows, selection.selected);
    paint();
    const observer = new ResizeObserver(paint);
    if (canvas.parentElement) observer.observe(canvas.parentElement);
    return () => observer.disconnect();
  }, [rows, selection.selected, theme]);
  if (rows.length === 0) return <p className="card soft">No task has been queued yet.</p>;
  const choose = (y: number) => selection.select(rows[Math.floor((y - HEAD) / ROW)]?.key ?? null);
  return (
    <div className="stack">
      <p className="legend">
        <span>
          <i style={{ background: 'var(--line)' }} />
          queued
        </span>
        <span>
          <i style={{ background: 'var(--waiting)' }} />
          waiting
        </span>
        <span>
          <i style={{ background: 'var(--succeeded)' }} />
          at work, in the colour of its end
        </span>
        <span>bold: on the way that decided how long the run took</span>
        <span>┊ time left out in which nothing worked</span>
      </p>
      <div className="timeline">
        <canvas ref={ref} aria-hidden="true" onClick={(event) => choose(event.nativeEvent.offsetY)} />
      </div>
      <TimelineTable rows={rows.slice(0, 200)} />
    </div>
  );
}

function TimelineTable({ rows }: { rows: readonly TimelineRow[] }) {
  const total = (row: TimelineRow, kind: string) =>
    row.spans.filter((span) => span.kind === kind).reduce((sum, { from, to }) => sum + to - from, 0);
  return (
    <details>
      <summary>The same as a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Status</th>
            <th scope="col">Queued or waiting</th>
            <th scope="col">At work</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <td>{row.key}</td>
              <td>{row.status}</td>
              <td>{duration(total(row, 'queued') + total(row, 'waiting'))}</td>
              <td>{duration(total(row, 'running'))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function paintTimeline(canvas: HTMLCanvasElement, rows: readonly TimelineRow[], selected: string | null): void {
  const context = canvas.getContext('2d');
  const width = canvas.parentElement?.clientWidth ?? 600;
  const height = HEAD + rows.length * ROW + 6;
  if (!context) return;
  Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  context.scale(devicePixelRatio, devicePixelRatio);
  const axis = axisOf(rows);
  const scale = (width - LABELS - 16) / axis.length;
  paintAxis(context, { axis, scale, height });
  for (const [index, row] of rows.entries())
    paintRow(context, { row, axis, scale, y: HEAD + index * ROW, isSelected: row.key === selected });
}

function paintAxis(
  context: CanvasRenderingContext2D,
  { axis, scale, height }: { axis: Axis; scale: number; height: number },
): void {
  const colours = themeColours();
  context.font = '11px system-ui, sans-serif';
  context.strokeStyle = colours.line;
  context.fillStyle = colours.soft;
  for (let part = 0; part <= 4; part++) {
    const x = LABELS + (axis.length * scale * part) / 4;
    context.globalAlpha = 0.25;
    context.fillRect(x, HEAD - 4, 1, height);
    context.textAlign = part === 4 ? 'right' : 'left';
    context.globalAlpha = 1;
    context.fillText(duration((axis.length * part) / 4), x + (part === 4 ? -2 : 3), 14);
  }
  context.textAlign = 'left';
  context.setLineDash([3, 3]);
  for (const { at, ms } of axis.breaks) {
    const x = LABELS + at * scale;
    context.strokeStyle = colours.waiting;
    context.beginPath();
    context.moveTo(x, HEAD - 4);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = colours.waiting;
    context.fillText(`+${duration(ms)}`, x + 3, HEAD - 1);
  }
  context.setLineDash([]);
}

type RowScene = { row: TimelineRow; axis: Axis; scale: number; y: number; isSelected: boolean };

function paintRow(context: CanvasRenderingContext2D, { row, axis, scale, y, isSelected }: RowScene): void {
  const colours = themeColours();
  if (isSelected) {
    context.fillStyle = colours.line;
    context.fillRect(0, y, LABELS - 8, ROW);
  }
  context.fillStyle = colours.ink;
  context.font = `${row.isCritical ? '600 ' : ''}12px system-ui, sans-serif`;
  context.fillText(row.key.length > 30 ? `…${row.key.slice(-29)}` : row.key, 10, y + 16);
  for (const { kind, from, to } of row.spans) {
    const [x, end] = [LABELS + axis.at(from) * scale, LABELS + axis.at(to) * scale];
    context.fillStyle = kind === 'running' ? colours[row.status] : kind === 'waiting' ? colours.waiting : colours.line;
    const isThin = kind !== 'running';
    context.fillRect(x, y + (isThin ? 9 : 5), Math.max(end - x, 2), isThin ? 6 : 14);
  }
  if (row.failures === 0) return;
  context.fillStyle = colours.failed;
  const last = row.spans.at(-1);
  context.fillText(`${row.failures}×✕`, LABELS + axis.at(last?.to ?? 0) * scale + 5, y + 16);
}
