import { formatDuration } from '../output/duration.ts';
import type { Paint } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { statusMark } from '../output/status-mark.ts';
import type { RowChange } from './run-view.ts';
import { waitsText } from './waits-text.ts';

/** What happened to a node as one line, for a watcher that cannot redraw; null for what is not worth a line. */
export function changeLine({ row, at }: RowChange, sinceMs: number, paint: Paint): string | null {
  if (row.status === 'pending' || row.status === 'ready') return null;
  const clock = formatDuration(at - sinceMs).padStart(7);
  if (row.items) return `${clock}  ${statusMark(row.status, paint)} ${plainText(`${row.node}: ${row.items.text}`)}`;
  const name = row.iteration > 0 ? `${row.node} #${row.iteration}` : row.node;
  const attempt = row.attempt > 1 ? ` (attempt ${row.attempt})` : '';
  const cached = row.cached ? ' from the cache' : '';
  const took =
    row.endedAt !== null && row.startedAt !== null ? ` in ${formatDuration(row.endedAt - row.startedAt)}` : '';
  const progress = row.status === 'running' && row.progress !== null ? `: ${JSON.stringify(row.progress)}` : '';
  const waits = row.status === 'waiting' && row.waits !== 'retry' ? `: ${waitsText(row)}` : '';
  const error = row.error === null ? '' : `: ${row.error.code}: ${row.error.message}`;
  return `${clock}  ${statusMark(row.status, paint)} ${plainText(`${name} ${row.status}${attempt}${cached}${took}${progress}${waits}${error}`)}`;
}
