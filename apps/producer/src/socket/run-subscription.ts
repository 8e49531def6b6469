import type { SubscriptionId } from '@weft/contract';
import { isBefore, placeText } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { Clock, Log } from '@weft/engine/ports';
import type { StreamItem } from '@weft/engine/runtime';

import type { Outbox } from './outbox.ts';
import { RunBatches } from './run-batches.ts';

/** The stream of one run after a place. */
export type OpenRun = (after: Place, signal: AbortSignal) => AsyncIterable<StreamItem>;

export type RunSubscriptionOptions = {
  id: SubscriptionId;
  topic: string;
  outbox: Outbox;
  clock: Pick<Clock, 'after' | 'monotonicMs'>;
  batchMs: number;
  log: Log;
  open: OpenRun;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
/** Reads that failed in a row; with the pauses between them about half a minute. */
const MAX_FAILURES = 10;

/**
 * Tells a client every step of a run, once and in order, then that it has ended. A slow client is read less for, and a
 * store that is away for a while is asked again; neither costs a step. Returns when there is nothing more to tell.
 */
export async function tellRun(options: RunSubscriptionOptions, after: Place, signal: AbortSignal): Promise<void> {
  const { id, outbox, clock, batchMs, log } = options;
  const batches = new RunBatches(options, { clock, batchMs, after });
  const close = (): void => batches.close();
  signal.addEventListener('abort', close);
  try {
    for (let failures = 0; !signal.aborted; failures += 1) {
      const before = batches.place;
      const error = await tellUntilBroken(options, batches, signal);
      if (error === null || signal.aborted) return;
      if (isBefore(before, batches.place)) failures = 0;
      log.warn({ err: error, topic: options.topic, failures }, 'a run could not be read for a client');
      if (failures >= MAX_FAILURES) {
        outbox.send({ t: 'error', id, code: 'unavailable', message: 'the run cannot be read; subscribe again later' });
        return;
      }
      await pause(clock, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), signal);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** Null if the stream came to its end, else what broke it. */
async function tellUntilBroken(
  { id, topic, outbox, open }: RunSubscriptionOptions,
  batches: RunBatches,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    for await (const item of open(batches.place, signal)) {
      if (item.kind === 'events') {
        await batches.add(item.events);
        continue;
      }
      await batches.flush();
      if (signal.aborted) return null;
      if (item.kind === 'gap') outbox.send({ t: 'gap', id, topic, after: placeText(item.after) });
      else outbox.send({ t: 'end', id, topic, step: item.step, status: item.status });
    }
    return null;
  } catch (error) {
    return error;
  }
}

async function pause(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (!signal.aborted) await promise;
  signal.removeEventListener('abort', stop);
  cancel();
}
