/**
 * A steady flood: single tasks at 80 % of the peak, ten minutes long. Whether latency, memory and tables stay as they are.
 *
 *     node bench/flood.bench.ts [--seconds 600] [--share 0.8] [--workers 1] [--scale 1] [--write]
 *
 * The peak is taken just before, by the batch call as in W3. The time is cut into ten windows; `flat` compares the last three
 * with the second to the fourth.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { rssMiB } from './mesh/cpu.ts';
import { chain } from './mesh/documents.ts';
import { measure, quantile } from './mesh/measure.ts';
import { OpenLoop } from './mesh/open-loop.ts';
import { readNumbers } from './mesh/options.ts';
import { atMost, fixed, publish, row } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import { readSizes } from './mesh/sizes.ts';
import type { Sizes } from './mesh/sizes.ts';
import { weftSide } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';

const { seconds, share, workers, scale } = readNumbers({ seconds: 600, share: 0.8, workers: 1 });
const WINDOWS = 10;
const FLAT_P99 = 1.5;
const FLAT = 1.1;
const DEAD = 0.2;

type Window = Sizes & {
  ended: number;
  open: number;
  p50: number;
  p99: number;
  producerMiB: number;
  workerMiB: number;
  redisMiB: number;
  /** Of tables and indexes, for each run of this window. */ bytesPerRun: number;
};

const servers = await startServers();
const weft = await startWeft(servers, { workers });
const workerPids = Object.entries(weft.pids).filter(([name]) => name.startsWith('worker'));
const bytesOf = ({ tableMiB, indexMiB }: Sizes): number => (tableMiB + indexMiB) * 2 ** 20;

async function readWindow(loop: OpenLoop, before: Sizes): Promise<Window> {
  const took = loop.take();
  const info = await servers.redis.commands.info('memory');
  const sizes = await readSizes(servers.sql);
  return {
    ...sizes,
    ended: took.length,
    open: loop.open,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    producerMiB: rssMiB(weft.pids['producer'] ?? 0),
    workerMiB: workerPids.reduce((sum, [, pid]) => sum + rssMiB(pid), 0),
    redisMiB: Number(/used_memory:(\d+)/.exec(info)?.[1]) / 2 ** 20,
    bytesPerRun: (bytesOf(sizes) - bytesOf(before)) / took.length,
  };
}

async function flood(loop: OpenLoop, rate: number): Promise<Window[]> {
  const windows: Window[] = [];
  const whole = loop.run(rate, seconds);
  let before = await readSizes(servers.sql);
  for (let n = 0; n < WINDOWS; n++) {
    await delay((seconds * 1000) / WINDOWS);
    const window = await readWindow(loop, before);
    windows.push(window);
    before = window;
    console.log(`window ${n + 1}: p50 ${fixed(window.p50, 1)} ms, p99 ${fixed(window.p99, 1)} ms, ${window.open} open`);
  }
  await whole;
  return windows;
}

function windowRow(window: Window, n: number): string {
  const { ended, open, p50, p99, producerMiB, workerMiB, redisMiB, tableMiB, indexMiB, dead, live, bytesPerRun } =
    window;
  const perSecond = ended / (seconds / WINDOWS);
  const whole = [producerMiB, workerMiB, redisMiB, tableMiB, indexMiB].map((mib) => fixed(mib, 0));
  return row(
    `${n + 1}`,
    fixed(perSecond, 0),
    fixed(open, 0),
    fixed(p50, 1),
    fixed(p99, 1),
    ...whole,
    fixed(dead / (dead + live), 3),
    fixed(bytesPerRun, 0),
  );
}

/** The last three windows beside the second to the fourth, by their medians. */
function drift(windows: readonly Window[], of: (window: Window) => number): number {
  const middle = (some: readonly Window[]): number => quantile(some.map(of), 0.5);
  return middle(windows.slice(-3)) / middle(windows.slice(1, 4));
}

function verdicts(windows: readonly Window[]): string[] {
  const line = (name: string, goal: number, of: (window: Window) => number): string => {
    const figure = drift(windows, of);
    return row(name, fixed(figure, 2), atMost(goal, figure));
  };
  const dead = quantile(
    windows.slice(-3).map((window) => window.dead / (window.dead + window.live)),
    0.5,
  );
  return [
    '| end / beginning | | goal |',
    '|---|--:|---|',
    line('p99', FLAT_P99, ({ p99 }) => p99),
    line('RSS of the producer', FLAT, ({ producerMiB }) => producerMiB),
    line('RSS of the workers', FLAT, ({ workerMiB }) => workerMiB),
    line('memory of Redis', FLAT, ({ redisMiB }) => redisMiB),
    line('bytes of tables and indexes for a run', FLAT, ({ bytesPerRun }) => bytesPerRun),
    row('share of dead rows at the end', fixed(dead, 3), atMost(DEAD, dead)),
  ];
}

try {
  const side = await weftSide(weft);
  const bench = { servers, scale, seconds: Math.min(20, seconds / 5) };
  await measure({ ...bench, seconds: Math.min(5, bench.seconds) }, side, 'W3');
  const { rate: peak } = await measure(bench, side, 'W3');
  const loop = new OpenLoop(weft, await weft.save(chain(1)));
  const windows = await flood(loop, peak * share);
  await publish({
    title: 'A steady flood',
    notes: `Single tasks, ${workers} worker(s), ${seconds} s at ${share} of the peak of ${fixed(peak, 0)} runs/s, in calls of what is due every 100 ms; ${loop.started} runs started, ${loop.refused} refused. Latency is from the call of the batch to the end as the driver hears of it.`,
    body: [
      '| window | runs/s | open | p50, ms | p99, ms | producer, MiB | workers, MiB | Redis, MiB | tables, MiB | indexes, MiB | dead rows | bytes a run |',
      '|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
      ...windows.map(windowRow),
      '',
      ...verdicts(windows),
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
