/** weft fork: starts a run that goes on from a step of another one. */
import type { ExitCode } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { parseEdits } from '../input/parse-input.ts';
import { stateChanges, type StateOptions } from './replay.ts';
import { afterSteering, sayOrigin } from './steer-options.ts';

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
  const changes = {
    ...stateChanges(options),
    ...(step !== undefined && { step }),
    ...(edit.length > 0 && { nodeOverrides: parseEdits(edit) }),
    ...(version !== undefined && { version }),
  };
  const run = await context.client.runs.fork(runId, changes, { signal: context.interrupt });
  sayOrigin(context, run);
  return afterSteering(context, run, options);
}
