/** weft replay: has a run go on from one of its steps. */
import type { ExitCode } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import type { CheckpointName } from '../input/parse-checkpoint.ts';
import { parseUpdates } from '../input/parse-input.ts';
import { afterSteering } from './steer-options.ts';

/** `set` replaces keys of the state, `update` goes through their reducers. */
export type StateOptions = { set: string[]; update: string[] };

export type ReplayOptions = StateOptions & { watch: boolean; timeoutMs: number | null };

export async function replayCommand(
  context: CommandContext,
  { runId, step }: CheckpointName,
  options: ReplayOptions,
): Promise<ExitCode> {
  const changes = stateChanges(options);
  const run = await context.client.runs.replay(runId, step, changes, { signal: context.interrupt });
  return afterSteering(context, run, options);
}

export function stateChanges({ set, update }: StateOptions) {
  return {
    ...(set.length > 0 && { stateOverrides: parseUpdates(set) }),
    ...(update.length > 0 && { stateUpdates: parseUpdates(update, '--update') }),
  };
}
