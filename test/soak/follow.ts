/** Clients that watch a run, step by step, over whatever happens to the producer that they watch it at. */
import type { WeftClient } from '@weft/sdk';

import type { Followed } from './history.ts';

type Follow = { client: WeftClient; runId: string; followed: Followed; signal: AbortSignal };

/** Until the end of the run, or until the signal; what came is kept in `followed`. */
export async function followBySse({ client, runId, followed, signal }: Follow): Promise<void> {
  try {
    const options = { modes: ['checkpoints' as const], signal, giveUpAfterMs: 180_000 };
    for await (const item of client.runs.stream(runId, options)) {
      if (item.kind === 'event') followed.steps.push(item.event.step);
      if (item.kind === 'end') followed.end = { step: item.step, status: item.status };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

export function followBySocket({ client, runId, followed, signal }: Follow): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const watch = client.watch();
  signal.addEventListener('abort', () => resolve(), { once: true });
  watch.subscribe(
    `run:${runId}`,
    {
      onEvents: (events) => {
        for (const { step } of events) if (step !== undefined) followed.steps.push(step);
      },
      onEnd: (end) => {
        followed.end = end;
        resolve();
      },
      onError: ({ code, message }) => reject(new Error(`${code}: ${message}`)),
    },
    { modes: ['checkpoints'] },
  );
  return promise.finally(() => watch.close());
}
