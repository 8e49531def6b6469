/** weft record: a run that has ended, as one file that can be played again. */
import { writeFile } from 'node:fs/promises';
import { exitCodes, type ExitCode, type Page } from '@weft/contract';
import { makeRecording, WorkflowTestError } from '@weft/testing';
import { CliError } from '../cli-error.ts';
import { say, type CommandContext } from '../command-context.ts';

export async function recordCommand(context: CommandContext, id: string, output?: string): Promise<ExitCode> {
  const { client, interrupt: signal, terminal } = context;
  const run = await client.runs.get(id, { signal });
  const { name, version } = run.workflow;
  const { document } = await client.workflows.get(name, { version, signal });
  const tasks = await everything((cursor) => client.runs.tasks(id, { limit: 200, cursor, signal }));
  const steps = await everything((cursor) => client.runs.steps(id, { limit: 200, cursor, signal }));
  const text = `${JSON.stringify(recordingOf({ run, document, tasks, steps }), null, 2)}\n`;
  if (output === '-' || (output === undefined && context.json)) {
    terminal.out.write(text);
    return exitCodes.ok;
  }
  const file = output ?? `${id}.weft-recording.json`;
  await writeFile(file, text);
  say(context, `run ${id} is recorded in ${file}; weft test ${file} plays it again`);
  return exitCodes.ok;
}

function recordingOf(recorded: Parameters<typeof makeRecording>[0]) {
  try {
    return makeRecording(recorded);
  } catch (error) {
    if (error instanceof WorkflowTestError)
      throw new CliError('conflict', error.message, { exitCode: exitCodes.conflict });
    throw error;
  }
}

type Cursor = string | undefined;

async function everything<T>(read: (cursor: Cursor) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: Cursor;
  do {
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
