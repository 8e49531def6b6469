import type { RunStatus, TaskStatus } from '@weft/contract';
import type { Color, Paint } from './paint.ts';

type Mark = { glyph: string; color: Color };

const MARKS: Readonly<Record<TaskStatus | RunStatus, Mark>> = {
  pending: { glyph: '·', color: 'dim' },
  ready: { glyph: '○', color: 'cyan' },
  running: { glyph: '●', color: 'cyan' },
  waiting: { glyph: '◷', color: 'yellow' },
  interrupted: { glyph: '?', color: 'yellow' },
  succeeded: { glyph: '✓', color: 'green' },
  failed: { glyph: '✗', color: 'red' },
  skipped: { glyph: '-', color: 'dim' },
  cancelled: { glyph: '⊘', color: 'yellow' },
};

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** The sign of a status; with `frame` what runs is seen to move. */
export function statusMark(status: TaskStatus | RunStatus, paint: Paint, frame?: number): string {
  const { glyph, color } = MARKS[status];
  const moving = status === 'running' && frame !== undefined ? SPINNER[frame % SPINNER.length] : undefined;
  return paint(color, moving ?? glyph);
}

/** A text in the colour of a status. */
export function inStatusColor(status: TaskStatus | RunStatus, text: string, paint: Paint): string {
  return paint(MARKS[status].color, text);
}
