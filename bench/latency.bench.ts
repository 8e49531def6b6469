/**
 * How soon an idle mesh starts a task: from the call that starts the run to the first line of the handler, beside BullMQ from
 * `add` to its processor. Weft has by then answered HTTP, committed to Postgres and gone through the lane. One run at a time,
 * in turn, with a pause before each.
 *
 *     node bench/latency.bench.ts [--runs 500] [--pause-ms 20] [--scale 1] [--write]
 */
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

import { sharedMs } from './mesh/handlers.ts';
import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atMost, fixed, publish, row } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import type { Servers } from './mesh/servers.ts';
import { PAYLOAD } from './mesh/side.ts';
import { startWeft } from './mesh/weft.ts';
import { startLatencyQueue } from './peers/bullmq-latency.ts';

const options = readNumbers({ runs: 500, 'pause-ms': 20 });
const HANDLERS = fileURLToPath(new URL('mesh/handlers.ts', import.meta.url));
const P50_MS = 2;
const P99_MS = 10;

/** How long it took from the call to the start, and to the answer of the call, ms. */
type Sample = { startMs: number; answerMs: number };
type Starter = { name: string; once: () => Promise<Sample>; stop: () => Promise<void> };

async function weftStarter(servers: Servers): Promise<Starter> {
  const weft = await startWeft(servers, { workerArgs: ['--handlers', HANDLERS] });
  const node = { type: 'task' as const, uses: 'handler:started', with: { payload: PAYLOAD } };
  const workflow = await weft.save({ name: 'bench-latency', nodes: { only: node }, output: '${only.at}' });
  return {
    name: 'Weft',
    async once() {
      const calledAt = sharedMs();
      const { id } = await weft.client.runs.start({ workflow });
      const answerMs = sharedMs() - calledAt;
      await weft.endings.of([id]);
      const { output } = await weft.client.runs.get(id);
      return { startMs: Number(output) - calledAt, answerMs };
    },
    stop: weft.stop,
  };
}

function rowOf(name: string, samples: readonly Sample[]): string {
  const starts = samples.map(({ startMs }) => startMs);
  const answers = samples.map(({ answerMs }) => answerMs);
  const at = (figures: readonly number[], share: number): number => quantile(figures, share);
  const goal = name === 'Weft' ? `p50 ${atMost(P50_MS, at(starts, 0.5))}, p99 ${atMost(P99_MS, at(starts, 0.99))}` : '';
  const cells = [at(starts, 0.5), at(starts, 0.95), at(starts, 0.99), at(answers, 0.5)];
  return row(name, ...cells.map((ms) => fixed(ms, 2)), goal);
}

const servers = await startServers();
const starters: Starter[] = [];
try {
  starters.push(await weftStarter(servers), await startLatencyQueue(servers));
  const samples = new Map<string, Sample[]>(starters.map(({ name }) => [name, []]));
  const warm = 50;
  for (let n = 0; n < options.runs * options.scale + warm; n++) {
    for (const { name, once } of n % 2 === 0 ? starters : starters.toReversed()) {
      await delay(options['pause-ms']);
      const sample = await once();
      if (n >= warm) samples.get(name)?.push(sample);
    }
  }
  await publish({
    title: 'From the call to the start of a task, idle',
    notes: `${samples.get('Weft')?.length} runs of each, in turn, one at a time after ${options['pause-ms']} ms of rest, ms. Weft: POST /v1/runs, commit, lane, handler. BullMQ: add, processor.`,
    body: [
      '| ms | start p50 | p95 | p99 | answer of the call p50 | goal |',
      '|---|--:|--:|--:|--:|---|',
      ...Array.from(samples, ([name, taken]) => rowOf(name, taken)),
    ],
  });
} finally {
  for (const { stop } of starters) await stop();
  await servers.stop();
}
