/** weft interrupts: the questions that wait for answers. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export async function interruptsCommand(
  context: CommandContext,
  options: { limit: number; cursor?: string | undefined },
): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const page = await client.interrupts.list({ ...options, signal: interrupt });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no open questions');
  else {
    const now = Date.now();
    const rows = page.items.map(({ id, runId, node, at, message, createdAt }) => [
      runId,
      id,
      at === 'node' ? node : `${at} ${node}`,
      `${formatDuration(now - Date.parse(createdAt))} ago`,
      message ?? '',
    ]);
    const [header = '', ...lines] = tableLines(['RUN', 'QUESTION', 'NODE', 'ASKED', 'MESSAGE'], rows);
    terminal.out.write(`${[painter(terminal.out.color)('dim', header), ...lines].join('\n')}\n`);
  }
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}
