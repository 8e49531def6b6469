/** weft compare: two runs beside each other. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { writeJson, type CommandContext } from '../command-context.ts';
import { comparisonLines } from '../output/comparison-lines.ts';
import { painter } from '../output/paint.ts';

export async function compareCommand(context: CommandContext, from: string, to: string): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const comparison = await client.runs.compare(from, to, { signal });
  if (context.json) {
    writeJson(context, comparison);
    return exitCodes.ok;
  }
  const { out } = terminal;
  const lines = comparisonLines(comparison, { paint: painter(out.color), columns: out.isTty ? out.columns : 400 });
  out.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}
