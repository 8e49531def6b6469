/**
 * 2, 4 and 8 workers with tasks of 100 ms: whether twice the workers do twice the work.
 *
 *     node bench/scaling.bench.ts [--slots 10] [--task-ms 100] [--seconds 10] [--pairs 7] [--write]
 *
 * So many tasks are started at once that they keep the slots busy for `--seconds`. Goal: linear within 5 %.
 */
import { cpuSeconds } from './mesh/cpu.ts';
import { quantile, sumOf } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, publish, row, spread } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import type { Servers } from './mesh/servers.ts';
import { BULK, chunks } from './mesh/side.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';

const { slots, 'task-ms': taskMs, seconds, pairs } = readNumbers({ slots: 10, 'task-ms': 100 });
const WORKERS = [2, 4, 8];
const GOAL = 0.95;

/** Tasks a second, and cores that were busy. */
type Figures = { rate: number; cores: number };

async function measure(servers: Servers, workers: number): Promise<Figures> {
  const weft = await startWeft(servers, { workers, slots });
  try {
    const sleep = { type: 'task' as const, uses: 'sleep', with: { ms: taskMs } };
    const workflow = await weft.save({ name: 'bench-sleep', nodes: { only: sleep } });
    const run = async (count: number): Promise<void> => {
      const requests = Array.from({ length: count }, () => ({ workflow }));
      const ids = await Promise.all(chunks(requests, BULK).map((batch) => startMany(weft, batch)));
      await weft.endings.of(ids.flat());
    };
    await run(workers * slots * 3);
    const count = Math.ceil((workers * slots * seconds * 1000) / taskMs);
    const cpu = (): number => sumOf(cpuSeconds({ ...weft.pids, ...servers.pids }));
    const [before, startedAt] = [cpu(), performance.now()];
    await run(count);
    const took = (performance.now() - startedAt) / 1000;
    return { rate: count / took, cores: (cpu() - before) / took };
  } finally {
    await weft.stop();
  }
}

const servers = await startServers();
try {
  const figures = new Map<number, Figures[]>(WORKERS.map((workers) => [workers, []]));
  for (let n = 0; n < pairs; n++) {
    for (const workers of n % 2 === 0 ? WORKERS : WORKERS.toReversed()) {
      figures.get(workers)?.push(await measure(servers, workers));
    }
  }
  const base = figures.get(2) ?? [];
  const rowOf = (workers: number, taken: readonly Figures[]): string => {
    const rates = taken.map(({ rate }) => rate);
    const linear = rates.map((rate, n) => rate / (((base[n]?.rate ?? Number.NaN) * workers) / 2));
    const ideal = (workers * slots * 1000) / taskMs;
    return row(
      `${workers}`,
      spread(rates, 0),
      spread(linear, 3),
      workers === 2 ? '' : atLeast(GOAL, quantile(linear, 0.5)),
      spread(
        rates.map((rate) => rate / ideal),
        3,
      ),
      spread(
        taken.map(({ cores }) => cores),
        2,
      ),
    );
  };
  await publish({
    title: 'Twice the workers',
    notes: `Single tasks of ${taskMs} ms, workers of ${slots} slots each, ${pairs} rounds, tasks for ${seconds} s started at once by the batch call. Linear: the rate over that of two workers in the same round, times their share. The best possible rate keeps every slot busy from the call on.`,
    body: [
      '| workers | tasks/s | linear | goal | of the best possible | busy cores, driver left out |',
      '|--:|--:|--:|---|--:|--:|',
      ...Array.from(figures, ([workers, taken]) => rowOf(workers, taken)),
    ],
  });
} finally {
  await servers.stop();
}
