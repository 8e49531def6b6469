/** weft mesh: steps with dependencies, told as they are carried out. */
import { exitCodes, type ExitCode, type MeshEvents, type MeshExecute } from '@weft/contract';
import { withLocations } from '@weft/formats';
import { ApiError, type MeshItem } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import { type CommandContext, say, writeJson } from '../command-context.ts';
import { invalidDocument, readDocumentFile } from '../input/document-file.ts';
import { meshLine } from '../output/mesh-lines.ts';
import { painter } from '../output/paint.ts';

export type ExecuteOptions = { events: MeshEvents; idempotencyKey?: string | undefined };
export type FollowOptions = { events: MeshEvents; after: string };

/** Prints the outputs of the steps; with `--json` each event on a line. Ends with 1 if a step has failed. */
export async function executeCommand(
  context: CommandContext,
  file: string,
  options: ExecuteOptions,
): Promise<ExitCode> {
  const { value, locate } = await readDocumentFile(file);
  const request = value as unknown as MeshExecute;
  try {
    const run: Known = { runId: null };
    const onStarted = (runId: string): void => {
      run.runId = runId;
      if (!context.json) say(context, `run ${runId}`);
    };
    const items = context.client.mesh.execute(request, { ...options, onStarted, signal: context.interrupt });
    return await tell(context, items, run);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    throw invalidDocument(file, withLocations([...error.problem.errors], locate));
  }
}

export function followCommand(context: CommandContext, runId: string, options: FollowOptions): Promise<ExitCode> {
  const items = context.client.mesh.follow(runId, { ...options, signal: context.interrupt });
  return tell(context, items, { runId });
}

/** The run, once it is durable. */
type Known = { runId: string | null };

async function tell(context: CommandContext, items: AsyncIterable<MeshItem>, run: Known): Promise<ExitCode> {
  let last: MeshItem | null = null;
  let known = '0';
  try {
    for await (const item of items) {
      last = item;
      known = item.id ?? known;
      print(context, item);
    }
  } catch (error) {
    if (!context.interrupt.aborted) throw error;
    const { runId } = run;
    const lines = runId ? [`The steps go on. Come back with: weft mesh follow ${runId} --after ${known}`] : [];
    throw new CliError('interrupted', 'interrupted', { exitCode: exitCodes.interrupted, lines });
  }
  if (last?.event !== 'workflow-completed') return exitCodes.ok;
  if (!context.json) writeJson(context, last.data.results);
  return last.data.status === 'succeeded' ? exitCodes.ok : exitCodes.runFailed;
}

function print(context: CommandContext, item: MeshItem): void {
  if (context.json) context.terminal.out.write(`${JSON.stringify(item)}\n`);
  else say(context, meshLine(item, painter(context.terminal.err.color)));
}
