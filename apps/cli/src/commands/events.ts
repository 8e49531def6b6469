/** weft events: what happens in a run, event by event, until it ends. */
import { exitCodes, type EventMode, type ExitCode, type Json, isObject } from '@weft/contract';
import type { RunStreamItem } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import { say, type CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';

export type EventsOptions = {
  /** The server's choice where absent. */
  modes: EventMode[] | undefined;
  /** The id of the last event that is known. */
  after: string;
  timeoutMs: number | null;
};

/** Longer data is cut on a line; `--json` has all of it. */
const SHOWN_CHARS = 200;

/** Ends with the run, and with 1 where that failed. */
export async function eventsCommand(
  context: CommandContext,
  runId: string,
  { modes, after, timeoutMs }: EventsOptions,
): Promise<ExitCode> {
  const deadline = timeoutMs === null ? null : AbortSignal.timeout(timeoutMs);
  const signal = deadline === null ? context.interrupt : AbortSignal.any([context.interrupt, deadline]);
  let last = after;
  try {
    for await (const item of context.client.runs.stream(runId, { modes, after, signal })) {
      print(context, item);
      if (item.kind === 'event') last = item.id ?? last;
      if (item.kind === 'end') return item.status === 'succeeded' ? exitCodes.ok : exitCodes.runFailed;
    }
    return exitCodes.ok;
  } catch (error) {
    throw signal.aborted ? left(runId, last, context.interrupt.aborted ? null : timeoutMs) : error;
  }
}

function print(context: CommandContext, item: RunStreamItem): void {
  const { out } = context.terminal;
  if (context.json) {
    out.write(`${JSON.stringify(item)}\n`);
    return;
  }
  if (item.kind === 'gap') return say(context, `live events behind ${item.after} are missing`);
  if (item.kind === 'end') return say(context, `the run ${item.status} at step ${item.step}`);
  const { step, n, mode, type, data } = item.event;
  const place = n === undefined ? String(step) : `${step}.${n}`;
  out.write(`${place.padEnd(7)} ${mode.padEnd(11)} ${type.padEnd(15)} ${shown(mode, data)}\n`);
}

/** Of a message its text, which would else be cut off behind what it belongs to. */
function shown(mode: EventMode, data: Json): string {
  const said =
    mode === 'messages' && isObject(data) && 'text' in data ? { node: data['node'], text: data['text'] } : data;
  const text = JSON.stringify(said);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS).toWellFormed()}…` : text;
}

function left(runId: string, after: string, timeoutMs: number | null): CliError {
  const lines = [`The run goes on. Come back with: weft events ${runId} --after ${after}`];
  if (timeoutMs === null) return new CliError('interrupted', 'interrupted', { exitCode: exitCodes.interrupted, lines });
  const message = `the run has not ended after ${formatDuration(timeoutMs)}`;
  return new CliError('timeout', message, { exitCode: exitCodes.timeout, lines });
}
