/** weft cancel: ends a run. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';

export async function cancelCommand(context: CommandContext, runId: string): Promise<ExitCode> {
  const run = await context.client.runs.cancel(runId, { signal: context.interrupt });
  if (context.json) writeJson(context, run);
  else say(context, `run ${run.id} is ${run.status}`);
  return exitCodes.ok;
}
