import type { Clock, Log } from '../ports/index.ts';

/**
 * Calls `work` again and again, `everyMs` after it has ended, never twice at once. What it throws is logged. Returns the
 * function that ends it.
 */
export function repeat(
  { clock, log }: { clock: Pick<Clock, 'after'>; log: Log },
  { everyMs, what, work }: { everyMs: number; what: string; work: () => Promise<void> },
): () => void {
  let ended = false;
  let cancel = clock.after(everyMs, round);
  function round(): void {
    work()
      .catch((error: unknown) => log.warn({ err: error }, `${what} failed`))
      .finally(() => {
        if (!ended) cancel = clock.after(everyMs, round);
      });
  }
  return () => {
    ended = true;
    cancel();
  };
}
