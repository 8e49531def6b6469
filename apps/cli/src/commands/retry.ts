/** weft retry: runs what failed in a failed run again. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { endRunCommand } from './end-run-command.ts';

export async function retryCommand(
  context: CommandContext,
  runId: string,
  { watch, timeoutMs }: { watch: boolean; timeoutMs: number | null },
): Promise<ExitCode> {
  const run = await context.client.runs.retry(runId, { signal: context.interrupt });
  if (watch) return endRunCommand(context, run, { watch, timeoutMs });
  if (context.json) writeJson(context, run);
  else say(context, `run ${run.id} is ${run.status}; follow it with: weft watch ${run.id}`);
  return exitCodes.ok;
}
