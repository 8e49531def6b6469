/** weft delete: removes a run that has ended. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatBytes } from '../output/bytes.ts';

export async function deleteCommand(context: CommandContext, runId: string): Promise<ExitCode> {
  const deleted = await context.client.runs.delete(runId, { signal: context.interrupt });
  const { runs, bytes } = deleted;
  if (context.json) writeJson(context, deleted);
  else say(context, `deleted ${runs === 1 ? 'the run' : `${runs} runs`}, ${formatBytes(bytes)}`);
  return exitCodes.ok;
}
