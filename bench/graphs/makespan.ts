/** How near a run of sleeping tasks comes to the best possible schedule for the slots. */
import type { WorkflowDocument } from '@weft/contract';

import { chain } from '../mesh/documents.ts';
import { quantile } from '../mesh/measure.ts';
import { atMost, fixed, row, spread } from '../mesh/results.ts';
import type { Servers } from '../mesh/servers.ts';
import { startWeft } from '../mesh/weft.ts';
import { runOnce } from './run-once.ts';
import { bestMs, boundMs, criticalMs, fifoMs, workMs } from './schedule.ts';
import { traces } from './traces.ts';
import type { Trace } from './traces.ts';

/** At most so many times the best schedule. */
const GOAL = 1.05;

export type MakespanOptions = { slots: number; rounds: number; /** How long a run takes at least. */ seconds: number };

/** Stretched so that no schedule is shorter than the time given, in whole ms. */
function scaled(trace: Trace, { slots, seconds }: MakespanOptions): Trace {
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

export async function makespanTable(servers: Servers, options: MakespanOptions): Promise<string[]> {
  const { slots, rounds } = options;
  const weft = await startWeft(servers, { workers: 2, slots: slots / 2 });
  try {
    await runOnce(weft, chain(10), 20);
    const rows: string[] = [];
    for (const trace of traces().map((one) => scaled(one, options))) {
      const took: number[] = [];
      for (let n = 0; n < rounds; n++) took.push(await runOnce(weft, documentOf(trace), 1));
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
          atMost(GOAL, quantile(ratios, 0.5)),
        ),
      );
    }
    return rows;
  } finally {
    await weft.stop();
  }
}
