/** weft rerun: starts a run again from its beginning, as another run. */
import type { ExitCode } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { parseInput } from '../input/parse-input.ts';
import { afterSteering, sayOrigin } from './steer-options.ts';

export type RerunOptions = { i: string[]; to?: number | undefined; watch: boolean; timeoutMs: number | null };

export async function rerunCommand(context: CommandContext, runId: string, options: RerunOptions): Promise<ExitCode> {
  const { runs } = context.client;
  const { i: pairs, to: version } = options;
  const signal = context.interrupt;
  const input = pairs.length > 0 ? parseInput(pairs, (await runs.get(runId, { signal })).input) : undefined;
  const changes = { ...(input !== undefined && { input }), ...(version !== undefined && { version }) };
  const run = await runs.rerun(runId, changes, { signal });
  sayOrigin(context, run);
  return afterSteering(context, run, options);
}
