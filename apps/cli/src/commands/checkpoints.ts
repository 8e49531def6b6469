/** weft checkpoints: one for each step of a run. */
import { exitCodes, type CheckpointSummary, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export async function checkpointsCommand(
  context: CommandContext,
  runId: string,
  options: { limit: number; cursor?: string | undefined },
): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const page = await client.runs.checkpoints.list(runId, { ...options, signal: interrupt });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  const [header = '', ...lines] = tableLines(['STEP', 'TYPE', 'NODE', 'RUN', 'AT'], page.items.map(row));
  terminal.out.write(`${[painter(terminal.out.color)('dim', header), ...lines].join('\n')}\n`);
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

/** A step that does not follow the one before it says which one it follows. */
function row({ step, parent, type, node, status, at }: CheckpointSummary): string[] {
  const place = parent === step - 1 ? String(step) : `${step} <- ${parent}`;
  return [place, type, node ?? '', status, at];
}
