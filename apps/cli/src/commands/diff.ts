/** weft diff: what differs between two checkpoints. */
import { exitCodes, type CheckpointDiff, type CheckpointTask, type ExitCode } from '@weft/contract';
import { writeJson, type CommandContext } from '../command-context.ts';
import type { CheckpointName } from '../input/parse-checkpoint.ts';
import { patchLine, taskLine } from '../output/checkpoint-lines.ts';
import { formatDuration } from '../output/duration.ts';
import { painter, type Paint } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { inStatusColor } from '../output/status-mark.ts';
import { changeText, usageText } from '../output/usage-text.ts';

export async function diffCommand(
  context: CommandContext,
  { from, to }: { from: CheckpointName; to: CheckpointName },
): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const other = to.runId === from.runId ? undefined : to.runId;
  const diff = await client.runs.diff(from.runId, { from: from.step, to: to.step, other, signal });
  if (context.json) {
    writeJson(context, diff);
    return exitCodes.ok;
  }
  const { out } = terminal;
  const lines = diffLines(diff, painter(out.color), out.isTty ? out.columns : 200);
  out.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}

function diffLines(
  { from, to, patch, tasks, elapsedMs, usage }: CheckpointDiff,
  paint: Paint,
  columns: number,
): string[] {
  const named = ({ id, status }: CheckpointDiff['from']) => `${plainText(id)} ${inStatusColor(status, status, paint)}`;
  const time = elapsedMs < 0 ? `${formatDuration(-elapsedMs)} earlier` : `${formatDuration(elapsedMs)} later`;
  const { added, removed, changed, counts } = tasks;
  const left = counts.added + counts.removed + counts.changed - added.length - removed.length - changed.length;
  return [
    `${named(from)} -> ${named(to)}, ${time}`,
    ...spentLines(usage),
    ...(patch.length === 0 ? ['', 'the state is the same'] : ['', paint('dim', 'state')]),
    ...patch.map((operation) => patchLine(operation, paint, columns)),
    ...(counts.added + counts.removed + counts.changed === 0 ? ['', 'no task differs'] : ['', paint('dim', 'tasks')]),
    ...removed.map((task) => `- ${taskLine(task, paint)}`),
    ...changed.map(({ before, after }) => `~ ${taskLine(after, paint)}, was ${before.status}${tried(before, after)}`),
    ...added.map((task) => `+ ${taskLine(task, paint)}`),
    ...(left > 0 ? [`and ${left} more tasks`] : []),
  ];
}

function spentLines({ from, to }: CheckpointDiff['usage']): string[] {
  const [before, after] = [from, to].map((usage) => usageText(usage) || 'nothing');
  return before === 'nothing' && after === 'nothing' ? [] : [`spent: ${changeText(before ?? '', after ?? '')}`];
}

/** Between two checkpoints a task may have come back to where it was. */
function tried(before: CheckpointTask, after: CheckpointTask): string {
  return before.attempt === after.attempt ? '' : ` at attempt ${before.attempt}`;
}
