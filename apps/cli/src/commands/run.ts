/** weft run: starts a run of a file or of a saved workflow and stays with it to its end. */
import { exitCodes, type ExitCode, type Json, type Priority, type Run } from '@weft/contract';
import { ApiError } from '@weft/sdk';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { withSuggestion } from '../input/suggest-workflow.ts';
import { fileOfArgument, invalidDocument, readDocumentFile, type DocumentFile } from '../input/document-file.ts';
import { parseInput } from '../input/parse-input.ts';
import { readInputFile } from '../input/read-input-file.ts';
import { placedErrors } from '../input/placed-errors.ts';
import { workflowOfArgument } from '../input/workflow-argument.ts';
import { endRunCommand } from './end-run-command.ts';

export type RunOptions = {
  /** `-i key=value`, in order. */
  set: string[];
  /** `--input FILE|-`. */
  input?: string | undefined;
  idempotencyKey?: string | undefined;
  priority?: Priority | undefined;
  tag: string[];
  watch: boolean;
  detach: boolean;
  timeoutMs: number | null;
};

export async function runCommand(context: CommandContext, target: string, options: RunOptions): Promise<ExitCode> {
  const base = options.input === undefined ? undefined : await readInputFile(options.input);
  const input = parseInput(options.set, base);
  const file = await fileOfArgument(target);
  const run =
    file === null
      ? await startSaved(context, target, { ...options, input })
      : await startFile(context, await readDocumentFile(file), { ...options, input });
  if (options.detach) return detached(context, run);
  say(context, `run ${run.id} of ${run.workflow.name}@${run.workflow.version}`);
  return endRunCommand(context, run, options);
}

type StartOptions = Omit<RunOptions, 'input'> & { input: Json | undefined };

async function startFile(context: CommandContext, document: DocumentFile, options: StartOptions): Promise<Run> {
  try {
    return await start(context, document.value, options);
  } catch (error) {
    const errors = error instanceof ApiError ? placedErrors(error, document.locate) : null;
    throw errors === null ? error : invalidDocument(document.file, errors);
  }
}

async function startSaved(context: CommandContext, target: string, options: StartOptions): Promise<Run> {
  const workflow = workflowOfArgument(target);
  try {
    return await start(context, workflow.version === undefined ? workflow.name : { ...workflow }, options);
  } catch (error) {
    throw await withSuggestion(context, workflow.name, error);
  }
}

function start({ client, interrupt }: CommandContext, workflow: Json, options: StartOptions): Promise<Run> {
  const { input, priority, tag, idempotencyKey } = options;
  return client.runs.start(
    {
      workflow: workflow as Parameters<typeof client.runs.start>[0]['workflow'],
      ...(input !== undefined && { input }),
      ...(priority !== undefined && { priority }),
      ...(tag.length > 0 && { tags: tag }),
    },
    { idempotencyKey, signal: interrupt },
  );
}

function detached(context: CommandContext, run: Run): ExitCode {
  if (context.json) writeJson(context, run);
  else context.terminal.out.write(`${run.id}\n`);
  return exitCodes.ok;
}
