/**
 * What the dashboard costs a browser while a real stack runs: the view Now at 750 events a second, and the first load of a
 * stack that has nothing yet.
 *
 *     node bench/dashboard.bench.ts [--scale 1] [--write]    # --scale 0.1: a tenth of the time
 *
 * It wants Chromium (`/usr/bin/chromium`, or WEFT_CHROMIUM) and draws without a GPU, on the cores that the stack runs on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { launchChromium } from '../apps/dashboard/test/browser/chromium.ts';
import { startDevProcess } from '../test/e2e/dev-process.ts';
import { firstLoad, mostRequests } from './dashboard/first-load.ts';
import type { FirstLoad } from './dashboard/first-load.ts';
import { costOf } from './dashboard/meter.ts';
import type { Cost, Page } from './dashboard/meter.ts';
import { chain } from './mesh/documents.ts';
import { quantile } from './mesh/measure.ts';
import { OpenLoop } from './mesh/open-loop.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, atMost, fixed, publish, row } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import { startWeft } from './mesh/weft.ts';
import type { Weft } from './mesh/weft.ts';

const { scale } = readNumbers({});
const SIZE = { viewport: { width: 1400, height: 900 } };
const SETTLE_MS = 2000;
const LOADS = 5;
const FIRST_LOAD_KIB = 350;
const VIEWS = ['/', '/runs', '/workflows', '/workers', '/lanes', '/lanes?tab=dead', '/endpoints'].concat([
  '/schedules',
  '/approvals',
  '/cost',
  '/squad',
]);

const GOALS = { mainThread: 25, longestTaskMs: 100, fps: 50, heapMiB: 20 };
/** Of the events that are wanted: where fewer are told, what they cost says nothing of the goals. */
const ENOUGH = 0.9;

const browser = await launchChromium();
const tables: string[] = [];
const costs: string[] = [];

function tell(wanted: number, cost: Cost): void {
  const { mainThread, longestTaskMs, framesPerSecond, heapMiB, eventsPerSecond, seconds } = cost;
  const share = mainThread * 100;
  const judged = [
    `main thread ${atMost(GOALS.mainThread, share)}`,
    `longest task ${atMost(GOALS.longestTaskMs, longestTaskMs)}`,
    `frames ${atLeast(GOALS.fps, framesPerSecond)}`,
    `heap ${atMost(GOALS.heapMiB, heapMiB)}`,
  ].join(', ');
  const isReached = eventsPerSecond >= wanted * ENOUGH;
  const longest = longestTaskMs === 0 ? '< 50' : fixed(longestTaskMs, 0);
  const figures = [fixed(eventsPerSecond, 0), fixed(share, 1), longest, fixed(framesPerSecond, 1), fixed(heapMiB, 1)];
  const verdict = isReached ? judged : 'not judged: too few events were told';
  costs.push(row(`Now, ${fixed(wanted, 0)} events/s wanted`, fixed(seconds, 0), ...figures, verdict));
}

async function opened(url: string): Promise<Page> {
  const page = await browser.newPage(SIZE);
  await page.goto(url);
  await page.locator('[data-live="true"]').waitFor();
  await delay(SETTLE_MS);
  return page;
}

/** Now, while runs start at such a pace that their steps make so many events a second. */
async function now(weft: Weft, { wanted, seconds }: { wanted: number; seconds: number }): Promise<void> {
  const workflow = await weft.save(chain(10));
  const { id } = await weft.client.runs.start({ workflow });
  await weft.endings.of([id]);
  const { step } = await weft.client.runs.get(id);
  const page = await opened(weft.url);
  const loop = new OpenLoop(weft, workflow);
  // What a page makes once, such as its first rows, is no growth.
  await loop.run(wanted / step, 2);
  const cost = await costOf(page, () => loop.run(wanted / step, seconds * scale));
  await page.close();
  while (loop.open > 0) await delay(100);
  tell(wanted, cost);
}

async function firstScreen(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const dev = await startDevProcess(join(folder, 'data'));
  try {
    const loads: FirstLoad[] = [];
    for (let n = 0; n < LOADS; n++) loads.push(await firstLoad(browser, dev.url));
    const at = (of: (load: FirstLoad) => number): number => quantile(loads.map(of), 0.5);
    const [paint, meaningful] = [at(({ paintMs }) => paintMs), at(({ meaningfulMs }) => meaningfulMs)];
    const kib = at(({ bytes }) => bytes) / 1024;
    const requests = await mostRequests(browser, dev.url, VIEWS);
    tables.push(
      '| embedded stack, median of 5 | | goal |',
      '|---|--:|---|',
      row('first paint, ms', fixed(paint, 0), ''),
      row('first screen that says something, ms', fixed(meaningful, 0), atMost(1000, meaningful)),
      row('first load, KiB gzipped', fixed(kib, 1), atMost(FIRST_LOAD_KIB, kib)),
      row('most calls of the API in one navigation', fixed(requests, 0), atMost(2, requests)),
      '',
    );
  } finally {
    await dev.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await firstScreen();
  const servers = await startServers();
  const weft = await startWeft(servers, { slots: 200, watched: false });
  try {
    await now(weft, { wanted: 750, seconds: 30 });
  } finally {
    await weft.stop();
    await servers.stop();
  }
  await publish({
    title: 'The dashboard in a browser',
    notes:
      'Headless Chromium without a GPU, 1400 x 900, on the machine on which a producer, a worker, Postgres and Redis run the work that is shown. Main thread: share of one core; frames: counted by the page; heap: what is left after a collection.',
    body: [
      '| | s | events/s told | main thread, % | longest task, ms | frames/s | heap grew by, MiB | goal |',
      '|---|--:|--:|--:|--:|--:|--:|---|',
      ...costs,
      '',
      ...tables,
    ],
  });
} finally {
  await browser.close();
}
