/** What a node costs in a large graph, beside small ones of the same kind. */
import type { WorkflowDocument } from '@weft/contract';

import { cpuSeconds } from '../mesh/cpu.ts';
import { chain } from '../mesh/documents.ts';
import { quantile, sumOf } from '../mesh/measure.ts';
import { atMost, fixed, row, spread } from '../mesh/results.ts';
import type { Servers } from '../mesh/servers.ts';
import { startWeft } from '../mesh/weft.ts';
import type { Weft } from '../mesh/weft.ts';
import { randomDag } from './random.ts';
import { runOnce } from './run-once.ts';

export const SMALL = 100;
/** At most so much more for a node of the large one. */
const GOAL = 1.3;

export type CostOptions = { /** Nodes of a large graph. */ large: number; rounds: number };

/** ms and ms of CPU (driver left out) for a node. */
type Cost = { ms: number; cpuMs: number };

async function costOf(servers: Servers, weft: Weft, document: WorkflowDocument, times: number): Promise<Cost> {
  const cpu = (): number => sumOf(cpuSeconds({ ...weft.pids, ...servers.pids })) * 1000;
  const before = cpu();
  const ms = await runOnce(weft, document, times);
  const count = Object.keys(document.nodes).length * times;
  return { ms: ms / count, cpuMs: (cpu() - before) / count };
}

export async function costTable(servers: Servers, { large: size, rounds }: CostOptions): Promise<string[]> {
  const weft = await startWeft(servers);
  const rows: string[] = [];
  try {
    const kinds = [
      ['random graph', (count: number) => randomDag(count, 7)],
      ['chain', chain],
    ] as const;
    for (const [name, make] of kinds) {
      await costOf(servers, weft, make(SMALL), 3);
      const pairsOf: { small: Cost; large: Cost }[] = [];
      for (let n = 0; n < rounds; n++) {
        const small = await costOf(servers, weft, make(SMALL), Math.max(1, Math.floor(size / SMALL)));
        const large = await costOf(servers, weft, make(size), 1);
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
    atMost(GOAL, quantile(ratios, 0.5)),
    figures(({ small, large }) => large.cpuMs / small.cpuMs),
  );
}
