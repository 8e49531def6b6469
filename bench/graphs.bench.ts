/**
 * Large graphs and real shapes. A random graph of 10,000 nodes and a chain of 10,000, beside small ones of the same kind one
 * after another: what a node costs. And graphs like published traces of scientific workflows with sleeping tasks: how near
 * the run comes to the best possible schedule for the slots.
 *
 *     node bench/graphs.bench.ts [--nodes 10000] [--slots 8] [--seconds 10] [--pairs 7] [--scale 1] [--write]
 *
 * `--pairs` is for the traces, each of which takes at least `--seconds`; the large graphs run three times at most.
 */
import { costTable, SMALL } from './graphs/cost.ts';
import { makespanTable } from './graphs/makespan.ts';
import { readNumbers } from './mesh/options.ts';
import { publish } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';

const { nodes, slots, seconds, pairs, scale } = readNumbers({ nodes: 10_000, slots: 8 });
const large = Math.ceil(nodes * scale);

const servers = await startServers();
try {
  await publish({
    title: 'Large graphs and real shapes',
    notes: `Large: ${large} nodes in one run; small: ${SMALL} nodes a run, one run after another, as many nodes in all. Traces: ${pairs} runs each, two workers with ${slots} slots in all; the best schedule is the shortest of three list schedules without any overhead, FIFO the one in the order of readiness.`,
    body: [
      '| | small, ms a node | large, ms a node | large / small | goal | CPU, large / small |',
      '|---|--:|--:|--:|---|--:|',
      ...(await costTable(servers, { large, rounds: Math.min(3, pairs) })),
      '',
      '| | critical path, ms | work / slots, ms | best schedule, ms | FIFO, ms | makespan, ms | makespan / best | goal |',
      '|---|--:|--:|--:|--:|--:|--:|---|',
      ...(await makespanTable(servers, { slots, seconds, rounds: pairs })),
    ],
  });
} finally {
  await servers.stop();
}
