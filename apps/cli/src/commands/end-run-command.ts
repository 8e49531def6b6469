import type { ExitCode, Run } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { exitCodeOfRun, reportEnd } from '../output/report-end.ts';
import { followRun, type FollowOptions } from '../watch/follow-run.ts';

/** Stays with a run to its end and reports it; what `run`, `watch` and `retry --watch` have in common. */
export async function endRunCommand(context: CommandContext, run: Run, options: FollowOptions): Promise<ExitCode> {
  const ended = await followRun(context, run, options);
  if (!context.json || !options.watch) return reportEnd(context, ended, { watched: options.watch });
  // After the events, each on a line, comes the run on a line.
  context.terminal.out.write(`${JSON.stringify(ended)}\n`);
  return exitCodeOfRun(ended);
}
