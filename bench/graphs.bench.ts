/**
 * Large graphs and real shapes. A random graph of 10,000 nodes and a chain of 10,000, beside small ones of the same kind one
 * after another: what a node costs. And graphs like published traces of scientific workflows with sleeping tasks: how near
 * the run comes to the best possible schedule for the slots.
 *
 *     node bench/graphs.bench.ts [--nodes 10000] [--slots 8] [--seconds 10] [--pairs 7] [--scale 1] [--write]
 *
 * `--pairs` is for the traces, each of which takes at least `--seconds`; the large graphs run three times at most.
 */
import type { WorkflowDocument } from '@weft/contract';

import { randomDag } from './graphs/random.ts';
import { bestMs, boundMs, criticalMs, fifoMs, workMs } from './graphs/schedule.ts';
import { traces } from './graphs/traces.ts';
import type { Trace } from './graphs/traces.ts';
import { cpuSeconds } from './mesh/cpu.ts';
import { chain } from './mesh/documents.ts';
import { quantile, sumOf } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atMost, fixed, publish, row, spread } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import type { Servers } from './mesh/servers.ts';
import { startWeft } from './mesh/weft.ts';
import type { Weft } from './mesh/weft.ts';

const { nodes, slots, seconds, pairs, scale } = readNumbers({ nodes: 10_000, slots: 8 });
const LARGE = Math.ceil(nodes * scale);
const SMALL = 100;
const COST = 1.3;
const MAKESPAN = 1.05;

async function runOnce(weft: Weft, document: WorkflowDocument, times: number): Promise<number> {
  const workflow = await weft.save(document);
  const startedAt = performance.now();
  for (let n = 0; n < times; n++) {
    const { id } = await weft.client.runs.start({ workflow });
    await weft.endings.of([id]);
    if (n > 0) continue;
    const { status, error } = await weft.client.runs.get(id);
    if (status !== 'succeeded') throw new Error(`${document.name} has ${status}: ${error?.message}`);
  }
  return performance.now() - startedAt;
}

/** ms and ms of CPU (driver left out) for a node. */
type Cost = { ms: number; cpuMs: number };

async function costOf(servers: Servers, weft: Weft, document: WorkflowDocument, times: number): Promise<Cost> {
  const cpu = (): number => sumOf(cpuSeconds({ ...weft.pids, ...servers.pids })) * 1000;
  const before = cpu();
  const ms = await runOnce(weft, document, times);
  const count = Object.keys(document.nodes).length * times;
  return { ms: ms / count, cpuMs: (cpu() - before) / count };
}

async function costTable(servers: Servers): Promise<string[]> {
  const weft = await startWeft(servers);
  const rows: string[] = [];
  try {
    const kinds = [
      ['random graph', (size: number) => randomDag(size, 7)],
      ['chain', chain],
    ] as const;
    for (const [name, make] of kinds) {
      await costOf(servers, weft, make(SMALL), 3);
      const pairsOf: { small: Cost; large: Cost }[] = [];
      for (let n = 0; n < Math.min(3, pairs); n++) {
        const small = await costOf(servers, weft, make(SMALL), Math.max(1, Math.floor(LARGE / SMALL)));
        const large = await costOf(servers, weft, make(LARGE), 1);
        pairsOf.push({ small, large });
        console.log(`${name}: ${fixed(small.ms, 2)} ms a node in small ones, ${fixed(large.ms, 2)} ms in a large one`);
      }
      rows.push(costRow(name, pairsOf));
    }
    return rows;
  } finally {
    await weft.stop();
  }
}

function costRow(name: string, taken: readonly { small: Cost; large: Cost }[]): string {
  const ratios = taken.map(({ small, large }) => large.ms / small.ms);
  const figures = (of: (pair: { small: Cost; large: Cost }) => number): string => spread(taken.map(of), 2);
  return row(
    name,
    figures(({ small }) => small.ms),
    figures(({ large }) => large.ms),
    spread(ratios, 2),
    atMost(COST, quantile(ratios, 0.5)),
    figures(({ small, large }) => large.cpuMs / small.cpuMs),
  );
}

/** Stretched so that no schedule is shorter than the time given, in whole ms. */
function scaled(trace: Trace): Trace {
  const factor = (seconds * 1000) / boundMs(trace, slots);
  return { ...trace, tasks: trace.tasks.map((task) => ({ ...task, ms: Math.round(task.ms * factor) })) };
}

function documentOf({ name, tasks }: Trace): WorkflowDocument {
  const entries = tasks.map(({ name: node, ms, needs }) => {
    const task = { type: 'task' as const, uses: 'sleep', with: { ms } };
    return [node, { ...task, ...(needs.length > 0 && { needs }) }];
  });
  return { name: `bench-trace-${name}`, nodes: Object.fromEntries(entries) };
}

async function traceTable(servers: Servers): Promise<string[]> {
  const weft = await startWeft(servers, { workers: 2, slots: slots / 2 });
  try {
    await runOnce(weft, chain(10), 20);
    const rows: string[] = [];
    for (const trace of traces().map(scaled)) {
      const took: number[] = [];
      for (let n = 0; n < pairs; n++) took.push(await runOnce(weft, documentOf(trace), 1));
      const best = bestMs(trace, slots);
      const ratios = took.map((ms) => ms / best);
      console.log(`${trace.name}: ${spread(ratios, 3)} of the best schedule`);
      rows.push(
        row(
          `${trace.name}, ${trace.tasks.length} tasks`,
          fixed(criticalMs(trace), 0),
          fixed(workMs(trace) / slots, 0),
          fixed(best, 0),
          fixed(fifoMs(trace, slots), 0),
          spread(took, 0),
          spread(ratios, 3),
          atMost(MAKESPAN, quantile(ratios, 0.5)),
        ),
      );
    }
    return rows;
  } finally {
    await weft.stop();
  }
}

const servers = await startServers();
try {
  await publish({
    title: 'Large graphs and real shapes',
    notes: `Large: ${LARGE} nodes in one run; small: ${SMALL} nodes a run, one run after another, as many nodes in all. Traces: ${pairs} runs each, two workers with ${slots} slots in all; the best schedule is the shortest of three list schedules without any overhead, FIFO the one in the order of readiness.`,
    body: [
      '| | small, ms a node | large, ms a node | large / small | goal | CPU, large / small |',
      '|---|--:|--:|--:|---|--:|',
      ...(await costTable(servers)),
      '',
      '| | critical path, ms | work / slots, ms | best schedule, ms | FIFO, ms | makespan, ms | makespan / best | goal |',
      '|---|--:|--:|--:|--:|--:|--:|---|',
      ...(await traceTable(servers)),
    ],
  });
} finally {
  await servers.stop();
}
