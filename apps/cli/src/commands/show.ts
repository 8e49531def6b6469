/** weft show: one run with its nodes. */
import { exitCodes, type ExitCode, type Task } from '@weft/contract';
import { eachItem } from '@weft/sdk';
import { writeJson, type CommandContext } from '../command-context.ts';
import { blockText } from '../output/block-text.ts';
import { formatBytes } from '../output/bytes.ts';
import { painter } from '../output/paint.ts';
import { someQuestionLines } from '../output/question-lines.ts';
import { plainText } from '../output/plain-text.ts';
import { waitingLines } from '../output/waiting-lines.ts';
import { readLayout } from '../watch/read-layout.ts';
import { renderRun } from '../watch/render-tree.ts';
import { RunView } from '../watch/run-view.ts';

export async function showCommand(context: CommandContext, runId: string): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const run = await client.runs.get(runId, { signal, include: 'bytes' });
  const tasks: Task[] = await Array.fromAsync(
    eachItem((cursor) => client.runs.tasks(runId, { cursor, limit: 200, signal })),
  );
  if (context.json) {
    writeJson(context, { ...run, tasks });
    return exitCodes.ok;
  }
  const view = new RunView(await readLayout(client, run.workflow, signal));
  for (const task of tasks) view.applyTask(task);
  const questions = run.interrupts ?? [];
  for (const question of questions) if (question.runId === run.id) view.applyQuestion(question);
  const { out } = context.terminal;
  const paint = painter(out.color);
  const columns = out.isTty ? out.columns : 200;
  const lines = renderRun(run, view, { paint, columns, maxLines: Number.POSITIVE_INFINITY, now: Date.now() });
  if (run.bytes !== undefined) lines.push(paint('dim', `  ${formatBytes(run.bytes)} in the database`));
  const waiting = run.endedAt === null ? await waitingLines(client, tasks, signal) : [];
  if (waiting.length > 0) lines.push('', ...waiting.map((line) => paint('yellow', plainText(line))));
  if (questions.length > 0) lines.push('', ...someQuestionLines(questions, run.id));
  if (run.error !== null) lines.push('', paint('red', plainText(`${run.error.code}: ${run.error.message}`)));
  if (run.output !== null) lines.push('', blockText(run.output, out.isTty));
  out.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}
