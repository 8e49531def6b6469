/** weft why: why a task does not run, or every task of a run that has not ended. */
import { exitCodes, type ExitCode, type Reason, type Task, type TaskStatus } from '@weft/contract';
import { eachItem } from '@weft/sdk';
import { writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';

/** Of a run with more, the first are told of. */
const MOST_TASKS = 20;
const LIVE: readonly TaskStatus[] = ['waiting', 'ready', 'running'];

export async function whyCommand(context: CommandContext, id: string): Promise<ExitCode> {
  return isRunId(id) ? whyRun(context, id) : whyTask(context, id);
}

/** The id of a run is a UUIDv7, that of a task a UUIDv8. */
function isRunId(id: string): boolean {
  return id.charAt(14) === '7';
}

async function whyTask(context: CommandContext, id: string): Promise<ExitCode> {
  const { reasons } = await context.client.tasks.why(id, { signal: context.interrupt });
  if (context.json) writeJson(context, { reasons });
  else context.terminal.out.write(`${reasonLines(context, reasons).join('\n')}\n`);
  return exitCodes.ok;
}

async function whyRun(context: CommandContext, id: string): Promise<ExitCode> {
  const { client, interrupt: signal, terminal } = context;
  const run = await client.runs.get(id, { signal });
  const tasks = await liveTasks(context, id);
  const told = await Promise.all(
    tasks.slice(0, MOST_TASKS).map(async ({ id: taskId, node }) => {
      const { reasons } = await client.tasks.why(taskId, { signal });
      return { taskId, node, reasons };
    }),
  );
  if (context.json) {
    writeJson(context, { status: run.status, tasks: told, more: tasks.length - told.length });
    return exitCodes.ok;
  }
  const paint = painter(terminal.out.color);
  const lines = told.flatMap(({ taskId, node, reasons }) => [
    `${plainText(node)} ${paint('dim', taskId)}`,
    ...reasonLines(context, reasons).map((line) => `  ${line}`),
  ]);
  if (tasks.length > told.length) lines.push(paint('dim', `and ${tasks.length - told.length} tasks more`));
  if (tasks.length === 0) lines.push(`the run is ${run.status}, and none of its tasks waits`);
  terminal.out.write(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}

async function liveTasks({ client, interrupt: signal }: CommandContext, id: string): Promise<Task[]> {
  const ofStatus = (status: TaskStatus): Promise<Task[]> =>
    Array.fromAsync(eachItem((cursor) => client.runs.tasks(id, { cursor, limit: 200, status, signal })));
  return (await Promise.all(LIVE.map(ofStatus))).flat();
}

function reasonLines({ terminal }: CommandContext, reasons: readonly Reason[]): string[] {
  const paint = painter(terminal.out.color);
  return reasons.map(({ code, message }) => `${plainText(message)} ${paint('dim', `(${code})`)}`);
}
