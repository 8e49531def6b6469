/** Checkpoints and what differs between them, for people. */
import type { CheckpointTask, NextUp, PatchOperation } from '@weft/contract';
import { tokensOf } from '@weft/contract';
import { waitsText } from '../watch/waits-text.ts';
import type { Paint } from './paint.ts';
import { fitText, plainText } from './plain-text.ts';
import { inStatusColor, statusMark } from './status-mark.ts';

/** A task with its status, and the attempt where it is not the first. */
export function taskLine(task: CheckpointTask, paint: Paint): string {
  const { status, attempt, waits } = task;
  const notes = [attempt > 1 ? `attempt ${attempt}` : '', waits ? waitsLine(task) : ''].filter((note) => note !== '');
  const rest = notes.length > 0 ? ` (${notes.join(', ')})` : '';
  return `${statusMark(status, paint)} ${plainText(task.key)} ${inStatusColor(status, status, paint)}${rest}`;
}

/** What could run, or what it waits for. */
export function nextLine(next: NextUp, paint: Paint): string {
  const { key, status, waits, edges, items } = next;
  const text =
    edges !== undefined
      ? `${edges.ended} of its ${edges.total} edges have ended`
      : items !== undefined
        ? `waits for its items: ${items.ended} of ${items.begun} begun ones have ended`
        : waits !== undefined && waits !== 'edges'
          ? waitsLine({ waits, dueAt: next.dueAt })
          : 'could run';
  return `${statusMark(status, paint)} ${plainText(key)} ${text}`;
}

/** One operation of a patch: the path, and the value that it brings. */
export function patchLine(operation: PatchOperation, paint: Paint, columns: number): string {
  const path = plainText(tokensOf(operation.path).join(' > '));
  if (operation.op === 'remove') return paint('red', `- ${path}`);
  const value = plainText(JSON.stringify(operation.value));
  const [mark, color] = operation.op === 'add' ? (['+', 'green'] as const) : (['~', 'yellow'] as const);
  return paint(color, fitText(`${mark} ${path} = ${value}`, columns));
}

function waitsLine({ waits, dueAt }: Pick<CheckpointTask, 'waits'> & { dueAt?: string | undefined }): string {
  return waitsText({
    waits: waits ?? null,
    question: null,
    sent: null,
    dueAt: dueAt === undefined ? null : Date.parse(dueAt),
  });
}
