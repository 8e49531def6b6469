/**
 * That a task has started is told live and kept nowhere, so a watcher who came a moment later has missed it. The list of
 * tasks knows of those that run for longer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WeftClient } from '@weft/sdk';
import type { RowChange, RunView } from './run-view.ts';

const EVERY_MS = 700;
/** One page; larger runs are told by their events alone. */
const MAX_ROWS = 200;

type Started = { view: RunView; signal: AbortSignal; tell: (changes: RowChange[]) => void };

/** Looks now and then, as long as some node seems to wait for a worker. Returns when `signal` aborts; never throws. */
export async function findStarted(client: WeftClient, runId: string, { view, signal, tell }: Started): Promise<void> {
  try {
    while (view.rows.length <= MAX_ROWS) {
      await pause(EVERY_MS, undefined, { signal });
      if (!view.rows.some(({ status, items }) => status === 'ready' && !items)) continue;
      const { items } = await client.runs.tasks(runId, { limit: MAX_ROWS, signal });
      tell(items.flatMap((task) => view.applyStarted(task)));
    }
  } catch {
    // It is a courtesy: the events go on, and say so themselves if the server is gone.
  }
}
