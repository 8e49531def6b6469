/** weft list: runs, newest first. */
import { exitCodes, type ExitCode, type Run, type RunStatus } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { elapsedMs, formatDuration } from '../output/duration.ts';
import { painter, type Paint } from '../output/paint.ts';
import { inStatusColor } from '../output/status-mark.ts';
import { tableLines } from '../output/table.ts';

export type ListOptions = {
  limit: number;
  cursor?: string | undefined;
  status?: RunStatus | undefined;
  workflow?: string | undefined;
  tag?: string | undefined;
};

export async function listCommand(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const page = await client.runs.list({ ...options, signal: interrupt });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no runs');
  else terminal.out.write(`${runTable(page.items, painter(terminal.out.color), Date.now()).join('\n')}\n`);
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

const STATUS_COLUMN = 1;

/** A line of heads, and one for each run. */
export function runTable(runs: readonly Run[], paint: Paint, now: number): string[] {
  const rows = runs.map((run) => [
    run.id,
    run.status,
    `${formatDuration(now - Date.parse(run.createdAt))} ago`,
    took(run),
    `${run.workflow.name}@${run.workflow.version}`,
  ]);
  const [header = '', ...lines] = tableLines(['RUN', 'STATUS', 'STARTED', 'TOOK', 'WORKFLOW'], rows);
  const painted = lines.map((line, index) => paintStatus(line, rows[index]?.[STATUS_COLUMN] as RunStatus, paint));
  return [paint('dim', header), ...painted];
}

/** Coloured after the columns are set, since colours have no width. */
function paintStatus(line: string, status: RunStatus, paint: Paint): string {
  return line.replace(status, (found) => inStatusColor(status, found, paint));
}

function took({ createdAt, endedAt }: Run): string {
  const ms = elapsedMs(createdAt, endedAt);
  return ms === null ? '' : formatDuration(ms);
}
