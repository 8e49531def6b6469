import { setTimeout as pause } from 'node:timers/promises';

import type { Watch } from '@weft/sdk';
import { instant } from './instant.ts';

/** When a watcher heard of the end of each run, as our clock had it. */
export type EndNotices = {
  readonly heardAt: ReadonlyMap<string, number>;
  /** Waits until the watch stands, at most this long. Whether it does. */
  ready(ms: number): Promise<boolean>;
  close(): void;
};

/** Notes the ends of all runs from now on. What is lost on the way is simply not in it. */
export function noteEnds(watch: Watch): EndNotices {
  const heardAt = new Map<string, number>();
  const begun = Promise.withResolvers<boolean>();
  watch.subscribe('runs', {
    onSnapshot: () => begun.resolve(true),
    onError: () => begun.resolve(false),
    onEvents(events) {
      const now = instant();
      for (const { type, runId } of events) {
        if (type === 'run_ended' && runId !== undefined && !heardAt.has(runId)) heardAt.set(runId, now);
      }
    },
  });
  return {
    heardAt,
    ready: (ms) => Promise.race([begun.promise, pause(ms, false, { ref: false })]),
    close: () => watch.close(),
  };
}
