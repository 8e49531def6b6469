/** weft state: updates the state of a run. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { parseUpdates } from '../input/parse-input.ts';

export async function stateCommand(
  context: CommandContext,
  runId: string,
  { set, after }: { set: string[]; after?: string | undefined },
): Promise<ExitCode> {
  const options = { afterNode: after, signal: context.interrupt };
  const injected = await context.client.runs.injectState(runId, parseUpdates(set), options);
  if (context.json) writeJson(context, injected);
  else if (injected.applied) say(context, `applied by step ${injected.step}`);
  else say(context, `kept until ${after ?? 'the run goes on'} settles`);
  return exitCodes.ok;
}
