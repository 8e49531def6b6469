/**
 * npm run simulate -- [--seeds N] [--from N] [--threads N] [--keep-going] [--faults KIND,KIND@METHOD] | --seed N
 *
 * One seed is one world; a seed by itself prints its trace. `--faults`: no others than these.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import { runSeed } from './run-seed.ts';
import { howToRepeat } from './run-seeds.ts';
import type { Outcome } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'keep-going': { type: 'boolean', default: false },
  },
});

const faults = values.faults?.split(',') ?? null;

if (values.seed === undefined) await simulateMany();
else await simulateOne(count('seed', values.seed));

async function simulateOne(seed: number): Promise<void> {
  const { trace, violations, hash, calls, ms, runs, faults: drawn } = await runSeed(seed, faults);
  say(trace.join('\n'));
  say(`seed ${seed}: ${runs} runs, ${calls} calls, ${Math.round(ms)} virtual ms, trace ${hash}`);
  say(`faults: ${drawn}`);
  for (const violation of violations) say(`VIOLATION ${violation}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

async function simulateMany(): Promise<void> {
  const [seeds, from, threads] = [
    count('seeds', values.seeds),
    count('from', values.from),
    count('threads', values.threads),
  ];
  const startedAt = performance.now();
  const total = { seeds: 0, failed: 0, repeated: 0, calls: 0, runs: 0, ms: 0 };
  const workers = Array.from({ length: Math.min(threads, seeds) }, (_, index) => {
    const workerData = { from: from + index, to: from + seeds, stride: threads, faults };
    return new Worker(new URL('seeds-thread.ts', import.meta.url), { workerData });
  });
  await Promise.all(workers.map((worker) => listen(worker, (outcome) => note(outcome, workers))));
  const seconds = (performance.now() - startedAt) / 1000;
  say(
    `${total.seeds} seeds in ${seconds.toFixed(0)} s: ${total.failed} failed; ${total.repeated} were run twice; ` +
      `${total.runs} runs, ${total.calls} calls, ${(total.ms / 3_600_000).toFixed(1)} virtual hours`,
  );
  process.exitCode = total.failed > 0 || total.seeds === 0 ? 1 : 0;

  function note(
    { seed, violations, faults: drawn, calls, runs, ms, isRepeated }: Outcome,
    all: readonly Worker[],
  ): void {
    total.seeds += 1;
    total.calls += calls;
    total.runs += runs;
    total.ms += ms;
    if (isRepeated) total.repeated += 1;
    if (total.seeds % 500 === 0) say(`${total.seeds} seeds, ${total.failed} failed`);
    if (violations.length === 0) return;
    total.failed += 1;
    say(
      `seed ${seed} FAILED, with these faults: ${drawn}\n  ${violations.join('\n  ')}\n  ${howToRepeat(seed)}${values.faults ? ` --faults ${values.faults}` : ''}`,
    );
    if (!values['keep-going']) for (const worker of all) void worker.terminate();
  }
}

function listen(worker: Worker, note: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', note);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  process.stderr.write(`--${name} takes a whole number greater than 0, not ${JSON.stringify(text)}\n`);
  process.exit(2);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
