/** Looks at what the mesh takes, every few seconds: memory of each process, dead tuples, memory of Redis. */
import { readFileSync } from 'node:fs';

import { openRedis } from '@weft/redis';

import type { LiveDatabase } from './live-database.ts';
import type { World } from './world.ts';

export type Samples = {
  /** Of the longest lived process of each place. */
  memory: { place: string; mib: number; minutes: number; mibPerHour: number | null }[];
  deadTuplesMax: number;
  redisMaxMiB: number;
  openRunsMax: number;
};

type Point = { atMs: number; mib: number };

const EVERY_MS = 5000;
/** The slope of a process that has just been started says nothing. */
const WARM_UP_MS = 60_000;

export type Sampler = { stop(): Samples };

export function startSampling(world: World, database: LiveDatabase): Sampler {
  const byProcess = new Map<string, { place: string; points: Point[] }>();
  const most = { deadTuplesMax: 0, redisMaxMiB: 0, openRunsMax: 0 };
  const from = performance.now();
  let isLooking = false;
  const look = async (): Promise<void> => {
    for (const place of world.places()) {
      const pid = place.current()?.ready.pid;
      const mib = pid === undefined ? null : residentMiB(pid);
      if (mib === null) continue;
      const known = byProcess.get(`${place.name} ${pid}`) ?? { place: place.name, points: [] };
      known.points.push({ atMs: performance.now() - from, mib });
      byProcess.set(`${place.name} ${pid}`, known);
    }
    const [dead, { open }, redisMiB] = await Promise.all([database.deadTuples(), database.steps(), redisMemory(world)]);
    most.deadTuplesMax = Math.max(most.deadTuplesMax, dead);
    most.openRunsMax = Math.max(most.openRunsMax, open);
    most.redisMaxMiB = Math.max(most.redisMaxMiB, redisMiB);
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    // A server may be away: the next look sees more.
    look()
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return { memory: longestLived([...byProcess.values()]), ...most };
    },
  };
}

function longestLived(processes: readonly { place: string; points: Point[] }[]): Samples['memory'] {
  return [...Map.groupBy(processes, ({ place }) => place)].map(([place, all]) => {
    const { points } = all.toSorted((a, b) => b.points.length - a.points.length)[0] ?? { points: [] };
    const minutes = ((points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0)) / 60_000;
    return { place, mib: points.at(-1)?.mib ?? 0, minutes, mibPerHour: slope(points) };
  });
}

/** Least squares over all but the first minute; null where that leaves too little. */
function slope(points: readonly Point[]): number | null {
  const settled = points.filter(({ atMs }) => atMs - (points[0]?.atMs ?? 0) > WARM_UP_MS);
  if (settled.length < 12) return null;
  const mean = (of: (point: Point) => number): number =>
    settled.reduce((sum, one) => sum + of(one), 0) / settled.length;
  const [meanAt, meanMiB] = [mean(({ atMs }) => atMs), mean(({ mib }) => mib)];
  const above = settled.reduce((sum, { atMs, mib }) => sum + (atMs - meanAt) * (mib - meanMiB), 0);
  const below = settled.reduce((sum, { atMs }) => sum + (atMs - meanAt) ** 2, 0);
  return (above / below) * 3_600_000;
}

function residentMiB(pid: number): number | null {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return null;
  }
}

async function redisMemory({ redis }: World): Promise<number> {
  const connection = await openRedis({ url: redis.url, waitMs: 1000, onError: () => undefined });
  try {
    const info = await connection.commands.info('memory');
    return Number(/used_memory:(\d+)/.exec(info)?.[1] ?? 0) / 1024 / 1024;
  } finally {
    await connection.close();
  }
}
