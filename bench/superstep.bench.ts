/**
 * What barriers cost: the same chain, loop and fan in the modes dataflow and superstep, in turn on the same processes.
 *
 *     node bench/superstep.bench.ts [--length 50] [--iterations 1000] [--fans 100] [--pairs 7] [--scale 1] [--write]
 */
import type { WorkflowDocument, WorkflowVersion } from '@weft/contract';

import { chain, fan, superstep } from './mesh/documents.ts';
import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atMost, publish, row, spread } from './mesh/results.ts';
import { logBytes, startServers } from './mesh/servers.ts';
import { FAN } from './mesh/side.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';

const { length, iterations, fans, pairs, scale } = readNumbers({ length: 50, iterations: 1000, fans: 100 });
/** How much longer a step may take than in the mode dataflow. */
const OVERHEAD = 1.2;
/** Chains that run one after another in one measurement. */
const CHAINS = 10;

/** A task and a route that leads back to it. */
function loop(rounds: number): WorkflowDocument {
  return {
    name: `bench-round-${rounds}`,
    maxSteps: rounds + 1,
    state: { n: { type: 'number', reducer: 'add', default: 0 } },
    nodes: {
      work: { type: 'task', uses: 'echo', with: 1, output: 'n' },
      again: { type: 'route', on: `state.n < ${rounds}`, routes: { true: 'work', false: '__end__' }, needs: ['work'] },
    },
  };
}

/** `runs` are started together; `times` so often one after another. */
type Load = { name: string; document: WorkflowDocument; steps: number; runs: number; times: number };

const rounds = Math.ceil(iterations * scale);
const loads: Load[] = [
  { name: `chain of ${length}`, document: chain(length), steps: length, runs: 1, times: Math.ceil(CHAINS * scale) },
  { name: `loop of ${rounds}`, document: loop(rounds), steps: rounds, runs: 1, times: 1 },
  {
    name: `fan 1 -> ${FAN} -> 1, ${Math.ceil(fans * scale)} at once`,
    document: fan(FAN),
    steps: FAN + 2,
    runs: Math.ceil(fans * scale),
    times: 1,
  },
];

const servers = await startServers();
const weft = await startWeft(servers);

/** Of one node. */
type Cost = { ms: number; wal: number };

async function measure(workflow: WorkflowVersion, { steps, runs, times }: Load): Promise<Cost> {
  const walBefore = (await logBytes(servers)).wal;
  const startedAt = performance.now();
  for (let n = 0; n < times; n++) {
    const requests = Array.from({ length: runs }, () => ({ workflow }));
    await weft.endings.of(await startMany(weft, requests));
  }
  const nodes = steps * runs * times;
  const ms = (performance.now() - startedAt) / nodes;
  return { ms, wal: ((await logBytes(servers)).wal - walBefore) / nodes };
}

async function compare(load: Load): Promise<string[]> {
  const dataflow = await weft.save(load.document);
  const stepwise = await weft.save(superstep(load.document));
  const measured: { dataflow: Cost; superstep: Cost }[] = [];
  for (let n = 0; n <= pairs; n++) {
    const first = n % 2 === 0 ? await measure(dataflow, load) : null;
    const other = await measure(stepwise, load);
    const pair = { dataflow: first ?? (await measure(dataflow, load)), superstep: other };
    // The first pair warms the processes up.
    if (n > 0) measured.push(pair);
  }
  const figures = (of: (pair: (typeof measured)[number]) => number): number[] => measured.map(of);
  const ratios = figures((pair) => pair.superstep.ms / pair.dataflow.ms);
  return [
    load.name,
    spread(
      figures((pair) => pair.dataflow.ms),
      3,
    ),
    spread(
      figures((pair) => pair.superstep.ms),
      3,
    ),
    spread(ratios, 2),
    atMost(OVERHEAD, quantile(ratios, 0.5)),
    spread(
      figures((pair) => pair.dataflow.wal),
      0,
    ),
    spread(
      figures((pair) => pair.superstep.wal),
      0,
    ),
  ];
}

try {
  const rows: string[][] = [];
  for (const load of loads) rows.push(await compare(load));
  await weft.requireSuccess();
  await publish({
    title: 'What barriers cost',
    notes: `${pairs} interleaved pairs, one worker, the full path. The chain ${Math.ceil(CHAINS * scale)} times one after another, the loop once, the fans all at once; a node is a task.`,
    body: [
      '| median (quartiles) | dataflow, ms a node | superstep, ms a node | superstep / dataflow | goal | dataflow, WAL bytes a node | superstep, WAL bytes a node |',
      '|---|--:|--:|--:|---|--:|--:|',
      ...rows.map((cells) => row(...cells)),
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
