import type { BatchedStartRun } from '@weft/contract';
import { ApiError, type WeftClient } from '@weft/sdk';
import { instant } from './instant.ts';
import { isPassing, persist, type Patience } from './persist.ts';
import type { StressOptions } from './stress-options.ts';

/** A run that was answered for. `tries` above 1: the first request was not answered, or put off. */
export type Accepted = { runId: string; sentAt: number; answeredAt: number; tries: number };

export type Flood = { accepted: Accepted[]; refused: string[]; retries: number };

export type FloodContext = { client: WeftClient; session: string; patience: Patience };

/** Marks the runs of one flood. */
export function tagOf(session: string): string {
  return `stress:${session}`;
}

/**
 * Submits all tasks from `clients` clients. Each task has a key of its own, so that trying again after a lost answer starts
 * nothing twice. What is refused for good, or not answered within the patience, is counted and not thrown.
 */
export async function submitFlood(context: FloodContext, options: StressOptions): Promise<Flood> {
  const flood: Flood = { accepted: [], refused: [], retries: 0 };
  const { patience } = context;
  let next = 0;
  async function work(): Promise<void> {
    while (next < options.tasks) {
      const first = next;
      next = Math.min(first + options.batch, options.tasks);
      const runs = Array.from({ length: next - first }, (_, i) => runOf(context.session, options, first + i));
      await submit(context, { runs, flood });
    }
  }
  await Promise.all(Array.from({ length: options.clients }, () => work()));
  return { ...flood, retries: patience.retries };
}

function runOf(session: string, { uses, input }: StressOptions, n: number): BatchedStartRun {
  return {
    workflow: { name: 'stress', nodes: { task: { type: 'task', uses, with: '${input}' } } },
    input: input ?? { session, n },
    tags: [tagOf(session)],
    idempotencyKey: `${tagOf(session)}:${n}`,
  };
}

type Portion = { runs: BatchedStartRun[]; flood: Flood };

async function submit({ client, patience }: FloodContext, { runs, flood }: Portion): Promise<void> {
  const sentAt = instant();
  let left = runs;
  let tries = 0;
  const send = async (signal: AbortSignal): Promise<void> => {
    tries += 1;
    const items = await start(client, left, signal);
    const answeredAt = instant();
    const put: BatchedStartRun[] = [];
    for (const [n, item] of items.entries()) {
      if ('id' in item) flood.accepted.push({ runId: item.id, sentAt, answeredAt, tries });
      else if (isPassing(item.status)) put.push(...left.slice(n, n + 1));
      else flood.refused.push(item.detail);
    }
    left = put;
    const [putOff] = items.filter((item) => !('id' in item) && isPassing(item.status));
    if (putOff && !('id' in putOff)) throw new ApiError(putOff);
  };
  try {
    await persist(patience, send);
  } catch (error) {
    patience.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    flood.refused.push(...left.map(() => reason));
  }
}

async function start(client: WeftClient, runs: readonly BatchedStartRun[], signal: AbortSignal) {
  const [only, ...others] = runs;
  if (only === undefined) return [];
  if (others.length > 0) return client.runs.startMany(runs, { signal });
  const { idempotencyKey, ...run } = only;
  return [await client.runs.start(run, { idempotencyKey, signal })];
}
