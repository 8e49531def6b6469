/** weft watch: shows a run until it ends. */
import type { ExitCode } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { endRunCommand } from './end-run-command.ts';

export async function watchCommand(
  context: CommandContext,
  runId: string,
  { timeoutMs }: { timeoutMs: number | null },
): Promise<ExitCode> {
  const run = await context.client.runs.get(runId, { signal: context.interrupt });
  return endRunCommand(context, run, { watch: true, timeoutMs });
}
