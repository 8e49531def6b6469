/** How a run ended, told to whoever started or watched it. */
import { exitCodes, type ExitCode, type Run } from '@weft/contract';
import { eachItem } from '@weft/sdk';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { blockText } from './block-text.ts';
import { elapsedMs, formatDuration } from './duration.ts';
import { painter } from './paint.ts';
import { plainText } from './plain-text.ts';
import { inStatusColor, statusMark } from './status-mark.ts';

/** 0 for a run that succeeded, 1 for one that failed or was cancelled. */
export function exitCodeOfRun({ status }: Pick<Run, 'status'>): ExitCode {
  return status === 'succeeded' ? exitCodes.ok : exitCodes.runFailed;
}

/** Writes the output (or with `--json` the run) to the standard output, and says how it ended. */
export async function reportEnd(
  context: CommandContext,
  run: Run,
  { watched }: { watched: boolean },
): Promise<ExitCode> {
  const { terminal, json } = context;
  if (json) {
    writeJson(context, run);
    return exitCodeOfRun(run);
  }
  if (run.status === 'failed' && !watched) await sayFailures(context, run.id);
  say(context, endLine(run, terminal.err.color));
  if (run.output !== null) terminal.out.write(`${blockText(run.output, terminal.out.isTty)}\n`);
  return exitCodeOfRun(run);
}

const MAX_FAILURES = 10;

/** Which nodes failed, and why. */
async function sayFailures(context: CommandContext, runId: string): Promise<void> {
  const paint = painter(context.terminal.err.color);
  let left = MAX_FAILURES;
  for await (const task of eachItem((cursor) => context.client.runs.tasks(runId, { cursor, limit: 200 }))) {
    if (task.status !== 'failed') continue;
    if (left === 0) {
      say(context, `  and more: weft show ${runId} --json`);
      return;
    }
    left -= 1;
    const name = task.item === undefined ? task.node : `${task.node}[${task.item}]`;
    const reason = task.error === undefined ? '' : `: ${task.error.code}: ${task.error.message}`;
    const attempt = task.attempt > 1 ? ` after attempt ${task.attempt}` : '';
    say(context, `  ${statusMark('failed', paint)} ${plainText(`${name} failed${attempt}${reason}`)}`);
  }
}

/** `✓ name@1 succeeded in 1.2s`, with the error of a run that did not. */
export function endLine({ workflow, status, error, createdAt, endedAt }: Run, color: boolean): string {
  const paint = painter(color);
  const took = elapsedMs(createdAt, endedAt);
  const name = plainText(`${workflow.name}@${workflow.version}`);
  const reason = error === null ? '' : `: ${plainText(`${error.code}: ${error.message}`)}`;
  const end = `${inStatusColor(status, status, paint)}${took === null ? '' : ` in ${formatDuration(took)}`}`;
  return `${statusMark(status, paint)} ${name} ${end}${reason}`;
}
