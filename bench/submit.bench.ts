/**
 * What it costs to hand in a document of ten nodes, beside Fastify and the same zod schema with a handler that does nothing:
 * starting a run of it (durable once answered), saving it, and validating it. No worker is there. The load comes from another
 * process, 50 connections; sides take turns.
 *
 *     node bench/submit.bench.ts [--pairs 7] [--seconds 10] [--connections 50] [--write]
 */
import { fileURLToPath } from 'node:url';

import { startChild } from './mesh/child.ts';
import type { Child } from './mesh/child.ts';
import { cpuSeconds } from './mesh/cpu.ts';
import { chain } from './mesh/documents.ts';
import type { LoadOrder, LoadResult } from './mesh/load.ts';
import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, publish, row, spread } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import { startWeft } from './mesh/weft.ts';

const { pairs, seconds, connections } = readNumbers({ connections: 50 });
const GOAL = 0.6;
const document = JSON.stringify(chain(10));
const BODIES = { run: JSON.stringify({ workflow: chain(10) }), save: document, validate: document };
type What = keyof typeof BODIES;
const PATHS: Readonly<Record<What, string>> = {
  run: '/v1/runs',
  save: '/v1/workflows',
  validate: '/v1/workflows/validate',
};
const CALLS: readonly What[] = ['run', 'save', 'validate'];

type Figures = { weft: number; plain: number; weftCpuMs: number; plainCpuMs: number };

function send(load: Child, order: LoadOrder): Promise<LoadResult> {
  const { promise, resolve } = Promise.withResolvers<LoadResult>();
  load.onMessage((result) => resolve(result as LoadResult));
  load.send(order);
  return promise;
}

/** Requests a second, and ms of CPU of the server's process for one. */
async function measure(load: Child, what: What, server: { url: string; pid: number }): Promise<[number, number]> {
  const before = cpuSeconds({ server: server.pid })['server'] ?? Number.NaN;
  const startedAt = performance.now();
  const { rate, refused } = await send(load, {
    url: `${server.url}${PATHS[what]}`,
    body: BODIES[what],
    connections,
    seconds,
  });
  if (refused > 0) console.log(`${refused} requests to ${PATHS[what]} were refused`);
  const used = (cpuSeconds({ server: server.pid })['server'] ?? Number.NaN) - before;
  return [rate, (used * 1000) / ((rate * (performance.now() - startedAt)) / 1000)];
}

const servers = await startServers();
const weft = await startWeft(servers, { workers: 0, watched: false });
const plain = await startChild([fileURLToPath(new URL('mesh/plain-server.ts', import.meta.url))], {
  env: {},
  nodeArgs: [],
});
const load = await startChild([fileURLToPath(new URL('mesh/load.ts', import.meta.url))], {
  env: {},
  nodeArgs: [],
  channel: true,
});
try {
  const [ours, theirs] = [
    { url: weft.url, pid: weft.pids['producer'] ?? 0 },
    { url: plain.ready, pid: plain.pid },
  ];
  const figures: Record<What, Figures[]> = { run: [], save: [], validate: [] };
  for (let n = -1; n < pairs; n++) {
    for (const what of CALLS) {
      const [plainRate, plainCpuMs] = await measure(load, what, theirs);
      const [weftRate, weftCpuMs] = await measure(load, what, ours);
      if (n >= 0) figures[what].push({ weft: weftRate, plain: plainRate, weftCpuMs, plainCpuMs });
    }
  }
  const rowOf = (what: What): string => {
    const of = (pick: (one: Figures) => number): number[] => figures[what].map(pick);
    const ratios = of((one) => one.weft / one.plain);
    return row(
      `POST ${PATHS[what]}`,
      spread(
        of((one) => one.weft),
        0,
      ),
      spread(
        of((one) => one.plain),
        0,
      ),
      spread(ratios, 2),
      atLeast(GOAL, quantile(ratios, 0.5)),
      spread(
        of((one) => one.weftCpuMs),
        3,
      ),
      spread(
        of((one) => one.plainCpuMs),
        3,
      ),
    );
  };
  await publish({
    title: 'Handing in a document of ten nodes',
    notes: `${pairs} pairs of ${seconds} s each, ${connections} connections, ${document.length} bytes. The plain server is Fastify with the document parsed by the same zod schema. No worker runs, so started runs pile up.`,
    body: [
      '| median (quartiles) | Weft, requests/s | plain, requests/s | Weft / plain | goal | CPU ms a request, producer | plain |',
      '|---|--:|--:|--:|---|--:|--:|',
      ...CALLS.map(rowOf),
    ],
  });
} finally {
  for (const child of [load, plain]) await child.stop();
  await weft.stop();
  await servers.stop();
}
