/** Dead letters as text. */
import type { DeadLetter } from '@weft/contract';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { plainText } from './plain-text.ts';
import { tableLines } from './table.ts';

export function letterTable(letters: readonly DeadLetter[], paint: Paint, now: number): string[] {
  const rows = letters.map((letter) => [
    letter.taskId,
    placeOf(letter),
    letter.failedAt === null ? '' : `${formatDuration(Math.max(0, now - Date.parse(letter.failedAt)))} ago`,
    `${letter.attempts.length}`,
    reasonOf(letter.error),
  ]);
  const [header = '', ...lines] = tableLines(['TASK', 'NODE', 'FAILED', 'ATTEMPTS', 'REASON'], rows);
  return [paint('dim', header), ...lines];
}

export function letterLines(letter: DeadLetter): string[] {
  const { taskId, runId, runStatus, state, status, attempts, parent, edited, input } = letter;
  return [
    `${taskId}  ${placeOf(letter)}  ${state}${state === 'retried' ? ` (${status})` : ''}`,
    `run ${runId} (${runStatus})${parent ? `, child of ${parent.runId} at ${parent.key}` : ''}`,
    ...attempts.map(({ attempt, at, error }) => `attempt ${attempt}  ${at}  ${reasonOf(error)}`),
    ...(edited ? [`edited by ${edited.by ?? 'somebody'}`] : []),
    ...(input === undefined ? [] : ['input', ...JSON.stringify(input, null, 2).split('\n')]),
  ].map(plainText);
}

function placeOf({ workflow, key }: DeadLetter): string {
  return `${workflow.name}@${workflow.version} ${key.replace(/#0(?=\W|$)/g, '')}`;
}

function reasonOf(error: DeadLetter['error']): string {
  return error ? `${error.code}: ${plainText(error.message)}` : 'its worker was lost';
}
