/** One measurement of a shape on a side: how fast, what CPU and what bytes it took. */
import { cpuSeconds, ownCpuSeconds } from './cpu.ts';
import { logBytes } from './servers.ts';
import type { Servers } from './servers.ts';
import { NODES, RUNS } from './side.ts';
import type { Shape, Side } from './side.ts';

export type Measured = {
  /** Nodes a second. */ rate: number;
  /** CPU seconds for 1,000 nodes, by group of processes; the driver stands for itself, without its children. */
  cpu: Record<string, number>;
  /** Bytes for a node in the logs of Postgres and Redis. */
  wal: number;
  aof: number;
  /** Of W1: how long each run took, ms. */ runsMs: number[];
};

export type Bench = {
  servers: Servers;
  /** How long a measurement takes at least. */ seconds: number;
  /** How large the batches are. */ scale: number;
};

/** Repeats the shape until the time is over; the rate is that of the whole. */
export async function measure({ servers, seconds, scale }: Bench, side: Side, shape: Shape): Promise<Measured> {
  const batch = Math.ceil(RUNS[shape] * scale);
  const before = await readUsage(servers, side);
  const runsMs: number[] = [];
  let runs = 0;
  const startedAt = performance.now();
  do {
    for (const ms of await side.run(shape, batch)) runsMs.push(ms);
    runs += batch;
  } while (performance.now() - startedAt < seconds * 1000);
  const tookMs = performance.now() - startedAt;
  const after = await readUsage(servers, side);
  const nodes = runs * NODES[shape];
  const cpu = Object.entries(after.cpu).map(([name, used]) => [
    name,
    (used - (before.cpu[name] ?? 0)) / (nodes / 1000),
  ]);
  return {
    rate: nodes / (tookMs / 1000),
    cpu: Object.fromEntries(cpu) as Record<string, number>,
    wal: (after.wal - before.wal) / nodes,
    aof: (after.aof - before.aof) / nodes,
    runsMs,
  };
}

type Usage = { cpu: Record<string, number>; wal: number; aof: number };

async function readUsage(servers: Servers, side: Side): Promise<Usage> {
  const bytes = await logBytes(servers);
  return { ...bytes, cpu: { driver: ownCpuSeconds(), ...cpuSeconds({ ...side.pids, ...servers.pids }) } };
}

export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

export function sumOf(figures: Readonly<Record<string, number>>): number {
  return Object.values(figures).reduce((sum, one) => sum + one, 0);
}
