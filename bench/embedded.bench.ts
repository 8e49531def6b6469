/**
 * First figures of the embedded stack: W1 (a chain of ten, one run at a time), W2 (1 -> 40 -> 1, a hundred at once), W3
 * (single-task runs, all submitted at once). Real Postgres with fsync, lanes in memory, one process; no HTTP.
 *
 *     node bench/embedded.bench.ts [--repeats 3] [--scale 1]
 *
 * Beside each figure stands, as a limit, what the same Postgres does with one-row commits on one connection in the same
 * minute: machines differ and are noisy, so only the ratio travels.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { WorkflowDocument } from '@weft/contract';
import {
  createMemoryBroker,
  createMemoryEventBus,
  createMemoryLiveLog,
  createMemoryRateLimiter,
  createMemoryHousekeeping,
  createMemoryTimers,
  startPostgres,
  systemClock,
} from '@weft/embedded';
import type { Executor } from '@weft/engine/ports';
import { createEngine, createWorker } from '@weft/engine/runtime';
import { inputChecker } from '@weft/formats';
import { migrate, openStore } from '@weft/postgres';
import { Client } from 'pg';

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
});
const repeats = Number(values.repeats);
const scale = Number(values.scale);

const dataDir = await mkdtemp(join(tmpdir(), 'weft-bench-'));
const postgres = await startPostgres({ dataDir });
await migrate(postgres.url);
const store = openStore({ url: postgres.url, onError: console.error });
const bus = createMemoryEventBus();
const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const deps = {
  ...store,
  bus,
  live: createMemoryLiveLog({ bus, clock: systemClock }),
  log,
  broker: createMemoryBroker(),
  rates: createMemoryRateLimiter(),
  timers: createMemoryTimers({ clock: systemClock }),
  housekeeping: createMemoryHousekeeping({ clock: systemClock }),
  inputs: inputChecker,
  clock: systemClock,
};
const engine = createEngine(deps);
const echo: Executor = { type: 'echo', run: async ({ input }) => ({ kind: 'succeeded', output: input }) };
const worker = createWorker(
  { ...deps, files: engine.files, graphs: engine.graphs, settler: engine.settler },
  {
    id: crypto.randomUUID(),
    name: 'bench',
    version: 'bench',
    pid: process.pid,
    host: 'bench',
    lanes: ['default'],
    slots: 400,
    executors: new Map([['echo', echo]]),
    secrets: {
      resolve: (input) => ({ kind: 'resolved', input, secrets: [] }),
      redact: (value) => value,
      redactText: () => null,
      redactOutcome: (outcome) => outcome,
    },
    rssBytes: () => process.memoryUsage.rss(),
  },
);
engine.start();
await worker.start();

const ended = new Set<string>();
let onEnd = () => {};
bus.subscribe(null, (notice) => {
  if (notice.kind !== 'step' || !notice.ended) return;
  ended.add(notice.runId);
  onEnd();
});

const payload = 'x'.repeat(80);

function chain(length: number): WorkflowDocument {
  const nodes = Array.from({ length }, (_, n) => [
    `n${n}`,
    { type: 'task' as const, uses: 'echo', with: { payload }, ...(n > 0 && { needs: [`n${n - 1}`] }) },
  ]);
  return { name: `bench-chain-${length}`, nodes: Object.fromEntries(nodes) };
}

function fan(width: number): WorkflowDocument {
  const names = Array.from({ length: width }, (_, n) => `w${n}`);
  const task = { type: 'task' as const, uses: 'echo', with: { payload } };
  const middle = names.map((name) => [name, { ...task, needs: ['first'] }]);
  return {
    name: `bench-fan-${width}`,
    nodes: { first: task, ...Object.fromEntries(middle), last: { ...task, needs: names } },
  };
}

async function submit(document: WorkflowDocument, count: number): Promise<string[]> {
  const { ref } = await engine.saveWorkflow({ tenant: 'default', document });
  const request = { workflow: ref, input: {}, config: {}, priority: null, tags: [], idempotency: null };
  const results = await engine.startRuns(Array.from({ length: count }, () => request));
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return result.runId;
  });
}

async function finished(ids: string[]): Promise<void> {
  while (!ids.every((id) => ended.has(id))) {
    const { promise, resolve } = Promise.withResolvers<void>();
    onEnd = resolve;
    await promise;
  }
}

async function timed(work: () => Promise<void>): Promise<{ seconds: number; cpuSeconds: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
}

async function w1(): Promise<number> {
  const runs = Math.ceil(100 * scale);
  const { seconds } = await timed(async () => {
    for (let n = 0; n < runs; n++) await finished(await submit(chain(10), 1));
  });
  return (runs * 10) / seconds;
}

async function w2(): Promise<number> {
  const runs = Math.ceil(100 * scale);
  const { seconds } = await timed(async () => finished(await submit(fan(40), runs)));
  return (runs * 42) / seconds;
}

async function w3(): Promise<number> {
  const runs = Math.ceil(5000 * scale);
  const { seconds } = await timed(async () => finished(await submit(chain(1), runs)));
  return runs / seconds;
}

/** One-row commits a second on one connection. */
async function commits(): Promise<number> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('create table if not exists bench_commit (id bigserial, payload text)');
  const count = 500;
  const { seconds } = await timed(async () => {
    for (let n = 0; n < count; n++) await client.query('insert into bench_commit (payload) values ($1)', [payload]);
  });
  await client.end();
  return count / seconds;
}

function quartiles(figures: number[]): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (q: number) => Math.round(sorted[Math.round((sorted.length - 1) * q)] ?? 0).toLocaleString('en');
  return `${at(0.5)} (${at(0.25)}-${at(0.75)})`;
}

const figures: Record<string, number[]> = { commits: [], W1: [], W2: [], W3: [] };
await w1(); // warm
for (let n = 0; n < repeats; n++) {
  figures['commits']?.push(await commits());
  figures['W1']?.push(await w1());
  figures['W2']?.push(await w2());
  figures['W3']?.push(await w3());
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(`embedded stack, commit ${commit}, ${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`);
console.log(`median (quartiles) of ${repeats}:`);
console.log(`  one-row commits/s   ${quartiles(figures['commits'] ?? [])}`);
console.log(`  W1 steps/s          ${quartiles(figures['W1'] ?? [])}`);
console.log(`  W2 nodes/s          ${quartiles(figures['W2'] ?? [])}`);
console.log(`  W3 runs/s           ${quartiles(figures['W3'] ?? [])}`);

await worker.stop(1000);
await engine.stop();
await store.close();
await postgres.stop();
await rm(dataDir, { recursive: true, force: true });
