/** Measures this process: the ProcessGauge port on /proc, control groups, pidusage and perf_hooks. */
import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { MemoryBound, ProcessGauge } from '@weft/engine/ports';

import { cgroupBounds } from './cgroup-bounds.ts';
import { bytesOfTrees } from './process-tree.ts';

/** A process that its tasks have started: the head of a group, and what ends it where it has grown too large. */
export type StartedProcess = { pid: number; outgrew(limitBytes: number): void };

export type GaugeOptions = {
  /** Null: a share of the machine's memory. */
  limitBytes: number | null;
  started: () => readonly StartedProcess[];
};

/** Of the machine's memory, where nobody says how much a process may use. */
const SHARE = 0.75;
/** What tasks have started may grow until so much of the limit is used; then the largest of them ends, not the worker. */
const OUTGROWN_SHARE = 0.9;
const RESOLUTION_MS = 50;
const NS_PER_MS = 1e6;

export function createProcessGauge({ limitBytes, started }: GaugeOptions): ProcessGauge {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const own = limitBytes ?? SHARE * totalmem();
  const groups = cgroupBounds(totalmem());

  return {
    rssBytes: () => process.memoryUsage.rss(),
    async read() {
      const trees = await sizesOf(started());
      const { rss, heapUsed } = process.memoryUsage();
      const treeBytes = rss + Array.from(trees.values()).reduce((sum, bytes) => sum + bytes, 0);
      const bounds = [
        { usedBytes: treeBytes, limitBytes: own },
        ...groups.map((group) => ({ usedBytes: group.usedBytes(), limitBytes: group.limitBytes })),
      ];
      endOutgrown(trees, bounds);
      return { rssBytes: rss, heapBytes: heapUsed, treeBytes, bounds, lagMs: lagOf(delay) };
    },
    relieve: collectGarbage,
    close: () => delay.disable(),
  };
}

type Delay = ReturnType<typeof monitorEventLoopDelay>;

/** Since the last time. What is recorded are the times between two looks, each at least the resolution. */
function lagOf(delay: Delay): number {
  const lag = delay.count > 0 ? delay.percentile(99) / NS_PER_MS - RESOLUTION_MS : 0;
  delay.reset();
  return Math.max(0, lag);
}

async function sizesOf(started: readonly StartedProcess[]): Promise<Map<StartedProcess, number>> {
  if (started.length === 0) return new Map();
  const bytes = await bytesOfTrees(started.map(({ pid }) => pid));
  return new Map(started.map((one) => [one, bytes.get(one.pid) ?? 0]));
}

function endOutgrown(trees: Map<StartedProcess, number>, bounds: readonly MemoryBound[]): void {
  const tightest = bounds.find(({ usedBytes, limitBytes }) => usedBytes > OUTGROWN_SHARE * limitBytes);
  if (!tightest || trees.size === 0) return;
  const [[largest, bytes] = []] = Array.from(trees).toSorted(([, a], [, b]) => b - a);
  // What is small beside the rest is not what is wrong.
  if (largest && bytes !== undefined && bytes > tightest.limitBytes / 4) largest.outgrew(bytes);
}

/** Buffers are given back to the system by threads of V8, which take so long for it. */
const FREED_AFTER_MS = 20;

let collect: (() => void) | null = null;

/** V8 gives memory back when it is asked to, but an idle process is not asked by anybody. */
async function collectGarbage(): Promise<number> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  const before = performance.now();
  collect();
  const pausedMs = performance.now() - before;
  await wait(FREED_AFTER_MS);
  return pausedMs;
}
