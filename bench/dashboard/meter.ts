/** What a page costs while it shows something: read from the browser itself, over its debugging protocol. */
import type { launchChromium } from '../../apps/dashboard/test/browser/chromium.ts';

export type Browser = Awaited<ReturnType<typeof launchChromium>>;
export type Page = Awaited<ReturnType<Browser['newPage']>>;

export type Cost = {
  /** Of one core, from 0 to 1. */ mainThread: number;
  /** Of the main thread, ms; 0 where none took 50 ms. */ longestTaskMs: number;
  framesPerSecond: number;
  /** Of the heap, after its garbage is collected, MiB. */ heapMiB: number;
  /** Told to the page, as it says itself, each second: mean. */ eventsPerSecond: number;
  seconds: number;
};

type Gauges = { frames: number; longestTaskMs: number; events: number; samples: number };

/** Counts frames and the events that the page says it is told, and keeps its longest task. */
const GAUGES = `(() => {
  const gauges = (globalThis.gauges = { frames: 0, longestTaskMs: 0, events: 0, samples: 0 });
  const frame = () => { gauges.frames += 1; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gauges.longestTaskMs = Math.max(gauges.longestTaskMs, duration);
  }).observe({ type: 'longtask' });
  setInterval(() => {
    const told = /(\\d+)\\/s/.exec(document.querySelector('[data-live]')?.textContent ?? '');
    if (told) { gauges.events += Number(told[1]); gauges.samples += 1; }
  }, 1000);
})()`;

/** Measures a page while `act` goes on. */
export async function costOf(page: Page, act: () => Promise<void>): Promise<Cost> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const read = async (): Promise<{ busy: number; heap: number }> => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return { busy: value('TaskDuration'), heap: value('JSHeapUsedSize') };
  };
  const before = await read();
  await page.evaluate(GAUGES);
  const startedAt = performance.now();
  await act();
  const seconds = (performance.now() - startedAt) / 1000;
  const gauges = await page.evaluate<Gauges>('globalThis.gauges');
  const after = await read();
  await session.detach();
  return {
    mainThread: (after.busy - before.busy) / seconds,
    longestTaskMs: gauges.longestTaskMs,
    framesPerSecond: gauges.frames / seconds,
    heapMiB: (after.heap - before.heap) / 2 ** 20,
    eventsPerSecond: gauges.events / Math.max(1, gauges.samples),
    seconds,
  };
}
