/** weft checkpoint: a run as it was after one of its steps. */
import { exitCodes, type Checkpoint, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import type { CheckpointName } from '../input/parse-checkpoint.ts';
import { blockText } from '../output/block-text.ts';
import { nextLine, taskLine } from '../output/checkpoint-lines.ts';
import { painter, type Paint } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { inStatusColor } from '../output/status-mark.ts';

export async function checkpointCommand(
  context: CommandContext,
  { runId, step }: CheckpointName,
  options: { limit: number; cursor?: string | undefined },
): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const checkpoint = await client.runs.checkpoints.get(runId, step, { ...options, signal: interrupt });
  if (context.json) {
    writeJson(context, checkpoint);
    return exitCodes.ok;
  }
  const paint = painter(terminal.out.color);
  terminal.out.write(`${checkpointLines(checkpoint, paint, terminal.out.isTty).join('\n')}\n`);
  if (checkpoint.nextCursor !== null) say(context, `more tasks: --cursor ${checkpoint.nextCursor}`);
  return exitCodes.ok;
}

function checkpointLines(checkpoint: Checkpoint, paint: Paint, toTerminal: boolean): string[] {
  const { id, type, node, at, status, tasks, next, counters, state } = checkpoint;
  const what = node === undefined ? type : `${type} ${plainText(node)}`;
  const count = Object.values(counters.tasks).reduce((sum, n) => sum + n, 0);
  return [
    `${paint('bold', plainText(id))}  ${what}  ${at}  ${inStatusColor(status, status, paint)}`,
    ...section(
      `tasks ${tasks.length} of ${count}`,
      tasks.map((task) => taskLine(task, paint)),
      paint,
    ),
    ...section(
      `next ${next.length} of ${counters.next}`,
      next.map((up) => nextLine(up, paint)),
      paint,
    ),
    ...section('state', Object.keys(state).length === 0 ? [] : [blockText(state, toTerminal)], paint),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('dim', title), ...lines];
}
