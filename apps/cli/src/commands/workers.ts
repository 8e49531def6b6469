/** weft workers: who works, and how they are. */
import { exitCodes, type ExitCode, type Worker } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatBytes } from '../output/bytes.ts';
import { formatDuration } from '../output/duration.ts';
import { painter, type Paint } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

const HEADER = ['WORKER', 'NAME', 'STATUS', 'ZONE', 'RUNNING', 'MEMORY', 'LAG', 'SEEN', 'LANES'];

export async function workersCommand(
  context: CommandContext,
  { limit, all }: { limit: number; all: boolean },
): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const page = await client.workers.list({ limit, signal: interrupt });
  const items = page.items.filter(({ status }) => all || status !== 'dead');
  if (context.json) {
    writeJson(context, { ...page, items });
    return exitCodes.ok;
  }
  if (items.length === 0) say(context, 'no workers');
  else terminal.out.write(`${workerTable(items, painter(terminal.out.color), Date.now()).join('\n')}\n`);
  if (page.nextCursor !== null) say(context, `there are more than ${limit}`);
  return exitCodes.ok;
}

/** A line of heads, and one for each worker. */
export function workerTable(workers: readonly Worker[], paint: Paint, now: number): string[] {
  const [header = '', ...lines] = tableLines(
    HEADER,
    workers.map((worker) => cells(worker, now)),
  );
  return [paint('dim', header), ...lines];
}

function cells(worker: Worker, now: number): string[] {
  const { id, name, status, zone, running, slots, slotsEffective = slots, eventLoopLagMs, lanes } = worker;
  return [
    id,
    name,
    status,
    zone ?? '',
    `${running}/${slotsEffective === slots ? slots : `${slotsEffective} (${slots})`}`,
    memory(worker),
    eventLoopLagMs === undefined ? '' : `${Math.round(eventLoopLagMs)} ms`,
    `${formatDuration(now - Date.parse(worker.seenAt))} ago`,
    lanes.join(','),
  ];
}

function memory({ rssBytes, memoryBytes = rssBytes, memoryLimitBytes, healthScore }: Worker): string {
  if (memoryLimitBytes === undefined || healthScore === undefined) return formatBytes(memoryBytes);
  return `${formatBytes(memoryBytes)} of ${formatBytes(memoryLimitBytes)} (${Math.round((1 - healthScore) * 100)} %)`;
}
