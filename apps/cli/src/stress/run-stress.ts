import { randomUUID } from 'node:crypto';

import type { WeftClient } from '@weft/sdk';
import { noteEnds } from './end-notices.ts';
import { Patience } from './persist.ts';
import { findDoubled, readRun, readRuns, untilDrained, type ReadContext } from './read-back.ts';
import type { StressOptions } from './stress-options.ts';
import { reportOf, type StressReport } from './stress-report.ts';
import { submitFlood } from './submit-flood.ts';

export type StressContext = { client: WeftClient; signal: AbortSignal; tell: (line: string) => void };

const WATCH_MS = 3000;

/** Floods the stack, waits until it has worked everything off, and reads back every run. */
export async function runStress(context: StressContext, options: StressOptions): Promise<StressReport> {
  const { client, signal, tell } = context;
  const session = randomUUID();
  const notices = noteEnds(client.watch());
  try {
    if (!(await notices.ready(WATCH_MS)))
      tell('the WebSocket is not open yet; ends that it does not tell are read back');
    const patience = new Patience(options.patienceMs, signal);
    const flood = await submitFlood({ client, session, patience }, options);
    tell(`${flood.accepted.length} of ${options.tasks} accepted; waiting until they have ended`);
    const reading: ReadContext = { client, session, clients: options.clients, patience };
    await untilDrained(reading, options.drainMs);
    tell('reading back every run');
    const runs = new Map<string, Awaited<ReturnType<typeof readRun>>>(await readRuns(reading));
    for (const { runId } of flood.accepted) if (!runs.has(runId)) runs.set(runId, await readRun(reading, runId));
    const found = flood.accepted.filter(({ runId }) => runs.get(runId));
    const doubled = await findDoubled(reading, found);
    return reportOf({ session, options, flood, runs, doubled, heardAt: notices.heardAt });
  } finally {
    notices.close();
  }
}
