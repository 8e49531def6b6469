/** weft lanes: what waits for which lane, and who serves it. */
import { exitCodes, type ExitCode, type Lane } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';
import { painter, type Paint } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export async function listLanes(context: CommandContext): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const lanes = await client.lanes.list({ signal });
  if (context.json) {
    writeJson(context, lanes);
    return exitCodes.ok;
  }
  terminal.out.write(`${laneTable(lanes.items, painter(terminal.out.color)).join('\n')}\n`);
  return exitCodes.ok;
}

/** A line of heads, and one for each lane. */
export function laneTable(lanes: readonly Lane[], paint: Paint): string[] {
  const heads = ['LANE', 'ON LANE', 'IN STORE', 'OLDEST', 'WORKERS', 'SLOTS', 'STATE'];
  const [header = '', ...lines] = tableLines(heads, lanes.map(rowOf));
  return [paint('dim', header), ...lines];
}

export async function switchLane(context: CommandContext, verb: 'pause' | 'resume', lane: string): Promise<ExitCode> {
  const lanes = await context.client.lanes[verb](lane, { signal: context.interrupt });
  if (context.json) writeJson(context, lanes);
  else say(context, verb === 'pause' ? `the lane ${lane} is paused` : `the lane ${lane} is open`);
  return exitCodes.ok;
}

function rowOf({ name, offered, waiting, oldestWaitMs, workers, slots, pausedAt }: Lane): string[] {
  const isDeserted = workers === 0 && offered + waiting > 0;
  const state = pausedAt !== null ? `paused since ${pausedAt}` : isDeserted ? 'no worker' : '';
  const oldest = oldestWaitMs === null ? '-' : formatDuration(oldestWaitMs);
  return [name, String(offered), String(waiting), oldest, String(workers), String(slots), state];
}
