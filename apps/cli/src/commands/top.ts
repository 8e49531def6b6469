/** weft top: what goes on in the mesh, now: rates, lanes, workers, runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

import { exitCodes, type ExitCode, type Lane, type MeshMetrics, type Run, type Worker } from '@weft/contract';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';
import { painter, type Paint } from '../output/paint.ts';
import { fitText } from '../output/plain-text.ts';
import { openScreen } from '../watch/live-screen.ts';
import { laneTable } from './lanes.ts';
import { runTable } from './list.ts';
import { workerTable } from './workers.ts';

type Sight = { at: string; metrics: MeshMetrics; lanes: Lane[]; workers: Worker[]; runs: Run[] };

export type TopOptions = { everyMs: number; once: boolean };

/** A picture that is drawn anew until Ctrl-C; without a terminal, and with `once`, what is now. With `--json` a line each time. */
export async function topCommand(context: CommandContext, { everyMs, once }: TopOptions): Promise<ExitCode> {
  const { out } = context.terminal;
  const paint = painter(out.color);
  if (once || (!out.isTty && !context.json)) {
    const sight = await look(context);
    out.write(
      context.json ? `${JSON.stringify(sight)}\n` : `${lines(sight, paint, Number.POSITIVE_INFINITY).join('\n')}\n`,
    );
    return exitCodes.ok;
  }
  return context.json ? tell(context, everyMs) : draw(context, everyMs, paint);
}

async function tell(context: CommandContext, everyMs: number): Promise<ExitCode> {
  while (!context.interrupt.aborted) {
    context.terminal.out.write(`${JSON.stringify(await look(context))}\n`);
    await pause(context, everyMs);
  }
  return exitCodes.ok;
}

/** A server that is away for a moment is said so; the picture before stays. */
async function draw(context: CommandContext, everyMs: number, paint: Paint): Promise<ExitCode> {
  const { out } = context.terminal;
  let sight = await look(context);
  let trouble = '';
  const screen = openScreen(out, () => {
    const shown = lines(sight, paint, out.rows - 2).map((line) => fitLine(line, out.columns));
    return [...shown, trouble === '' ? paint('dim', 'Ctrl-C leaves') : paint('red', trouble)];
  });
  try {
    while (!context.interrupt.aborted) {
      await pause(context, everyMs);
      try {
        sight = await look(context);
        trouble = '';
      } catch (error) {
        trouble = context.interrupt.aborted || !(error instanceof Error) ? '' : error.message;
      }
    }
  } finally {
    screen.stop();
  }
  return exitCodes.ok;
}

async function pause({ interrupt: signal }: CommandContext, ms: number): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

const RUNS = 20;

async function look({ client, interrupt: signal }: CommandContext): Promise<Sight> {
  const [metrics, lanes, workers, newest, running] = await Promise.all([
    client.mesh.metrics({ signal }),
    client.lanes.list({ signal }),
    client.workers.list({ limit: 200, signal }),
    client.runs.list({ limit: RUNS, signal }),
    client.runs.list({ limit: RUNS, status: 'running', signal }),
  ]);
  const runs = new Map([...running.items, ...newest.items].map((run) => [run.id, run]));
  return {
    at: new Date().toISOString(),
    metrics,
    lanes: lanes.items,
    workers: workers.items.filter(({ status }) => status !== 'dead'),
    runs: Array.from(runs.values()).slice(0, RUNS),
  };
}

/** A line that is too long loses its colours with its end. */
function fitLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  const fitted = fitText(plain, columns);
  return fitted === plain ? line : fitted;
}

/** As many as there is room for: the runs give way first, then the workers. */
function lines({ at, metrics, lanes, workers, runs }: Sight, paint: Paint, room: number): string[] {
  const now = Date.parse(at);
  const busy = workers.reduce((sum, { running }) => sum + running, 0);
  const slots = workers.reduce((sum, { slots: all, slotsEffective = all }) => sum + slotsEffective, 0);
  const head = [
    `${paint('bold', `${metrics.tasksPerSecond} tasks/s`)}  ${formatDuration(metrics.avgLatencyMs)} each  ${busy}/${slots} slots busy  ${metrics.queueDepth} waiting  ${metrics.heldBack} held back`,
    ...(metrics.nodesTotal === 0 ? [] : [endpointLine(metrics)]),
  ];
  const parts = [laneTable(lanes, paint), workerTable(workers, paint, now), runTable(runs, paint, now)];
  const shown = [...head];
  for (const part of parts) {
    const left = room - shown.length - 1;
    if (part.length > 1 && left > 1) shown.push('', ...part.slice(0, left));
  }
  return shown;
}

function endpointLine({ nodesActive, nodesTotal, circuitBreakersOpen, health }: MeshMetrics): string {
  return `endpoints ${nodesActive}/${nodesTotal} active  ${circuitBreakersOpen} circuits open  ${health}`;
}
