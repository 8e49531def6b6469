/** A run as lines of text: a head, then its nodes in graph order. */
import type { Run, TaskStatus } from '@weft/contract';
import { formatDuration } from '../output/duration.ts';
import type { Paint } from '../output/paint.ts';
import { fitText, padText, plainText, textWidth } from '../output/plain-text.ts';
import { statusMark } from '../output/status-mark.ts';
import { chooseRows } from './choose-rows.ts';
import { sentText } from './item-counts.ts';
import type { NodeRow, RunView } from './run-view.ts';
import { waitsText } from './waits-text.ts';

export type Frame = {
  paint: Paint;
  columns: number;
  /** At most so many lines; more nodes are counted in the last line. */
  maxLines: number;
  /** Epoch ms, for what still runs. */
  now: number;
  /** Counts the pictures, so that what runs is seen to move; absent in a still picture. */
  frame?: number;
};

const MAX_INDENT = 8;
const MAX_NAME = 48;
const MIN_NAME = 20;
/** Mark, duration and the blanks between. */
const ROOM_BESIDE_NAME = 16;

export type RunHeadline = Pick<Run, 'id' | 'workflow' | 'status' | 'createdAt' | 'endedAt'>;

/** The whole picture. */
export function renderRun(run: RunHeadline, view: RunView, frame: Frame): string[] {
  const { shown, hidden } = chooseRows(view.rows, frame.maxLines - 1);
  const widest = shown.reduce((width, row) => Math.max(width, indentOf(row) + textWidth(row.node)), 0);
  const nameWidth = Math.min(MAX_NAME, Math.max(MIN_NAME, frame.columns - ROOM_BESIDE_NAME), widest);
  const lines = shown.map((row) => renderRow(row, nameWidth, frame));
  return [headline(run, view, frame), ...lines, ...(hidden.length > 0 ? [hiddenLine(hidden, frame)] : [])];
}

function headline(run: RunHeadline, view: RunView, { paint, columns, now, frame }: Frame): string {
  const { done, total } = view.progress;
  const elapsed = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.createdAt);
  const name = `${plainText(run.workflow.name)}@${run.workflow.version}`;
  const rest = `${run.status}  ${done}/${total} nodes  ${formatDuration(elapsed)}  ${run.id}`;
  const room = columns - 4;
  return `${statusMark(run.status, paint, frame)} ${paint('bold', fitText(name, room))}  ${fitText(rest, room - textWidth(name))}`;
}

function renderRow(row: NodeRow, nameWidth: number, { paint, columns, now, frame }: Frame): string {
  const indent = indentOf(row);
  const name = fitText(row.node, nameWidth - indent);
  const took = durationOf(row, now);
  const room = columns - nameWidth - ROOM_BESIDE_NAME;
  const painted = row.status === 'pending' || row.status === 'skipped' ? paint('dim', name) : name;
  const mark = statusMark(row.status, paint, frame);
  const note = fitText(noteOf(row), Math.max(0, room));
  const start = `  ${' '.repeat(indent)}${mark} ${painted}`;
  if (took === '' && note === '') return start;
  const gap = ' '.repeat(nameWidth - indent - textWidth(name));
  const end = note === '' ? '' : ` ${paint(row.status === 'failed' ? 'red' : 'dim', note)}`;
  return `${start}${gap}  ${paint('dim', end === '' ? took : padText(took, 7))}${end}`;
}

/** What else is worth a word: a further iteration or attempt, how far it is, why it failed. */
function noteOf(row: NodeRow): string {
  const parts = [
    ...(row.items ? [row.items.text] : []),
    ...(row.sent && row.status !== 'waiting' ? [sentText(row.sent)] : []),
    ...(row.iteration > 0 ? [`#${row.iteration}`] : []),
    ...(row.attempt > 1 ? [`attempt ${row.attempt}`] : []),
    ...(row.cached ? ['cached'] : []),
    ...(row.status === 'waiting' && !row.items ? [waitsText(row)] : []),
    ...((row.status === 'skipped' || row.status === 'cancelled') && !row.items ? [row.status] : []),
    ...(row.progress === null ? [] : [progressText(row.progress)]),
    ...(row.error === null ? [] : [`${row.error.code}: ${row.error.message}`]),
  ];
  return plainText(parts.join('  '));
}

function progressText(progress: NodeRow['progress']): string {
  return typeof progress === 'string' ? progress : JSON.stringify(progress);
}

function durationOf({ startedAt, endedAt, status }: NodeRow, now: number): string {
  if (startedAt === null || status === 'skipped' || status === 'waiting') return '';
  return formatDuration((endedAt ?? now) - startedAt);
}

const COUNTED: readonly TaskStatus[] = [
  ...(['failed', 'running', 'waiting', 'ready', 'pending', 'succeeded', 'skipped', 'cancelled'] as const),
];

function hiddenLine(hidden: readonly NodeRow[], { paint, columns }: Frame): string {
  const counts = COUNTED.map((status) => [status, hidden.filter((row) => row.status === status).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`);
  return paint('dim', fitText(`  … ${hidden.length} more nodes: ${parts.join(', ')}`, columns - 1));
}

function indentOf({ depth }: NodeRow): number {
  return 2 * Math.min(depth, MAX_INDENT);
}
