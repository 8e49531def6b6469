/** weft logs: what the tasks of a run say, line by line: texts, events of their own, and why attempts failed. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { padText, plainText } from '../output/plain-text.ts';
import { LogLines, type LogLine } from '../watch/log-lines.ts';

export type LogOptions = { follow: boolean; node?: string | undefined };

/** Without `follow` it is over once nothing has come for so long. */
const QUIET_MS = 700;
const NODE_COLUMNS = 16;

/** Ends with the run; without `follow`, with what there is by now. */
export async function logsCommand(context: CommandContext, runId: string, options: LogOptions): Promise<ExitCode> {
  const lines = new LogLines();
  const over = new AbortController();
  const signal = AbortSignal.any([context.interrupt, over.signal]);
  let quiet: NodeJS.Timeout | undefined;
  const listen = (): void => {
    clearTimeout(quiet);
    if (!options.follow) quiet = setTimeout(() => over.abort(), QUIET_MS);
  };
  await context.client.runs.get(runId, { signal });
  listen();
  try {
    for await (const item of context.client.runs.stream(runId, { modes: ['messages', 'custom', 'tasks'], signal })) {
      listen();
      if (item.kind === 'gap') say(context, `live events behind ${item.after} are missing`);
      if (item.kind === 'event') print(context, lines.take(item.event), options);
      if (item.kind === 'end') break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(quiet);
  }
  print(context, lines.rest(), options);
  return context.interrupt.aborted ? exitCodes.interrupted : exitCodes.ok;
}

function print({ terminal: { out }, json }: CommandContext, lines: readonly LogLine[], { node }: LogOptions): void {
  const paint = painter(out.color);
  for (const line of lines) {
    if (node !== undefined && line.node !== node) continue;
    if (json) out.write(`${JSON.stringify(line)}\n`);
    else {
      const head = `${paint('dim', line.at.slice(11, 23))} ${paint('cyan', padText(plainText(line.node), NODE_COLUMNS))}`;
      const text = plainText(line.text);
      out.write(`${head} ${line.kind === 'error' ? paint('red', text) : text}\n`);
    }
  }
}
