/** weft resume: passes the breakpoints that hold a run. */
import type { ExitCode } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { parseUpdates } from '../input/parse-input.ts';
import { afterSteering, type SteerOptions } from './steer-options.ts';

export async function resumeCommand(
  context: CommandContext,
  runId: string,
  { set, ...options }: SteerOptions & { set: string[] },
): Promise<ExitCode> {
  const stateUpdates = set.length > 0 ? parseUpdates(set) : undefined;
  const about = { user: options.by, signal: context.interrupt };
  return afterSteering(context, await context.client.runs.resume(runId, { stateUpdates }, about), options);
}
