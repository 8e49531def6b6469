import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { Clock, EventBus, RunReader } from '../../ports/index.ts';
import { Alarm } from './alarm.ts';

export type AwaitDeps = { reader: Pick<RunReader, 'run'>; bus: EventBus; clock: Pick<Clock, 'after' | 'monotonicMs'> };

/** The bus may lose a notice, so the store is asked now and then. */
const POLL_MS = 2000;

/** Waits until the run has ended, `timeoutMs` have passed, or `signal` aborts; the caller looks at the run afterwards. */
export async function awaitRunEnd(
  { reader, bus, clock }: AwaitDeps,
  run: { tenant: string; id: string },
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const alarm = new Alarm();
  const until = clock.monotonicMs() + timeoutMs;
  const unsubscribe = bus.subscribe(run.id, (notice) => {
    if (notice.kind === 'gap' || (notice.kind === 'step' && notice.ended)) alarm.ring();
  });
  try {
    for (;;) {
      const record = await reader.run(run.tenant, run.id);
      const leftMs = until - clock.monotonicMs();
      if (!record || TERMINAL_RUN.has(record.head.status) || leftMs <= 0 || signal.aborted) return;
      await alarm.wait(clock, Math.min(POLL_MS, leftMs), signal);
    }
  } finally {
    unsubscribe();
  }
}
