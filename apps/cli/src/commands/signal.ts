/** weft signal: gives a signal to a run. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { parseValue } from '../input/parse-input.ts';

export async function signalCommand(
  context: CommandContext,
  runId: string,
  { name, payload }: { name: string; payload?: string | undefined },
): Promise<ExitCode> {
  const value = payload === undefined ? null : parseValue(payload);
  const sent = await context.client.runs.signal(runId, name, value, { signal: context.interrupt });
  if (context.json) writeJson(context, sent);
  else say(context, `the signal ${sent.signal} is given to run ${sent.runId}`);
  return exitCodes.ok;
}
