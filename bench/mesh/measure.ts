/** One measurement of each shape on one side, and of the commits that everything is compared with. */
import { cpuSeconds } from './cpu.ts';
import type { Servers } from './servers.ts';
import { CHAIN, FAN } from './side.ts';
import type { Side } from './side.ts';

export type Shape = 'W1' | 'W2' | 'W3';

/** Nodes a second; CPU seconds of all processes for 1,000 nodes; of W1 also run times in ms, sorted. */
export type Measured = { rate: number; cpu: number; runsMs: number[] };

export type Bench = {
  servers: Servers;
  scale: number;
  /** Every process that is up, the driver included. */ pids: number[];
};

const RUNS: Readonly<Record<Shape, number>> = { W1: 100, W2: 100, W3: 5000 };
const NODES: Readonly<Record<Shape, number>> = { W1: CHAIN, W2: FAN + 2, W3: 1 };

export async function measure({ scale, pids }: Bench, side: Side, shape: Shape): Promise<Measured> {
  const runs = Math.ceil(RUNS[shape] * scale);
  const [cpuBefore, startedAt] = [cpuSeconds(pids), performance.now()];
  const runsMs = await run(side, shape, runs);
  const seconds = (performance.now() - startedAt) / 1000;
  const nodes = runs * NODES[shape];
  const cpu = (cpuSeconds(pids) - cpuBefore) / (nodes / 1000);
  return { rate: nodes / seconds, cpu, runsMs: runsMs.toSorted((a, b) => a - b) };
}

async function run(side: Side, shape: Shape, runs: number): Promise<number[]> {
  if (shape === 'W1') return side.chains({ runs });
  await (shape === 'W2' ? side.fans({ runs }) : side.singles({ runs }));
  return [];
}

export type Commits = { rate: number; p50Ms: number };

export async function measureCommits({ servers, scale }: Bench): Promise<Commits> {
  const took = await servers.commits(Math.ceil(500 * scale));
  const sumMs = took.reduce((sum, ms) => sum + ms, 0);
  return { rate: (took.length / sumMs) * 1000, p50Ms: quantile(took, 0.5) };
}

export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}
