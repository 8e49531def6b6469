/** weft why: why a task does not run. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';

export async function whyCommand(context: CommandContext, id: string): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const { reasons } = await client.tasks.why(id, { signal });
  if (context.json) {
    writeJson(context, { reasons });
    return exitCodes.ok;
  }
  const paint = painter(terminal.out.color);
  const lines = reasons.map(({ code, message }) => `${plainText(message)} ${paint('dim', `(${code})`)}`);
  terminal.out.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}
