/** weft fork: starts a run that goes on from a step of another one. */
import type { ExitCode, JsonObject } from '@weft/contract';
import { say, type CommandContext } from '../command-context.ts';
import { parseInput } from '../input/parse-input.ts';
import { stateChanges, type StateOptions } from './replay.ts';
import { afterSteering } from './steer-options.ts';

export type ForkOptions = StateOptions & {
  edit: string[];
  to?: number | undefined;
  watch: boolean;
  timeoutMs: number | null;
};

export async function forkCommand(
  context: CommandContext,
  { runId, step }: { runId: string; step?: number },
  options: ForkOptions,
): Promise<ExitCode> {
  const { edit, to: version } = options;
  const nodeOverrides = parseInput(edit, undefined) as { [node: string]: JsonObject } | undefined;
  const changes = {
    ...stateChanges(options),
    ...(step !== undefined && { step }),
    ...(nodeOverrides && { nodeOverrides }),
    ...(version !== undefined && { version }),
  };
  const run = await context.client.runs.fork(runId, changes, { signal: context.interrupt });
  const from = run.forkedFrom;
  if (from && !context.json) say(context, `forked ${from.runId}@${from.step}`);
  return afterSteering(context, run, options);
}
