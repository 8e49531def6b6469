/** What the commands that answer or resume a run have in common. */
import { exitCodes, type ExitCode, type Run } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { someQuestionLines } from '../output/question-lines.ts';
import { endRunCommand } from './end-run-command.ts';

export type SteerOptions = {
  /** Who answers. */
  by?: string | undefined;
  watch: boolean;
  timeoutMs: number | null;
};

/** Says how the run stands after it was steered, or follows it to its end. */
export async function afterSteering(context: CommandContext, run: Run, options: SteerOptions): Promise<ExitCode> {
  if (options.watch) return endRunCommand(context, run, options);
  if (context.json) writeJson(context, run);
  else {
    say(context, `run ${run.id} is ${run.status}`);
    for (const line of someQuestionLines(run.interrupts ?? [], run.id)) say(context, line);
  }
  return exitCodes.ok;
}

/** Names a run that comes from another one, also to whoever only watches it. */
export function sayOrigin(context: CommandContext, { id, workflow, forkedFrom }: Run): void {
  if (context.json || !forkedFrom) return;
  const { runId, step } = forkedFrom;
  const origin = step === 0 ? `started again from ${runId}` : `forked from ${runId}@${step}`;
  say(context, `run ${id} of ${workflow.name}@${workflow.version}, ${origin}`);
}
