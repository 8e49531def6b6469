/**
 * The sweepers: what every promise rests on when a message, a wake-up or a process is lost (rules A2, A4, A6, A10, A12).
 *
 * Any process may run them, several at once: each step is idempotent or fenced. They count what they repair; without
 * faults the counts stay 0.
 */
import type { DueTimer, TaskMessage } from '../ports/index.ts';
import type { Admission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import { createLiveness } from './liveness.ts';
import { TIMER_HORIZON_MS } from './publish.ts';
import type { Settler } from './settler.ts';

export type SweeperSettings = {
  /** Between two rounds, ms. */
  intervalMs: number;
  /** An offered task that is still ready after this long is looked for in its lane, ms. */
  staleOfferMs: number;
  /** A worker whose counter stands still for this long is dead, ms. */
  deadAfterMs: number;
};

export const DEFAULT_SWEEP: SweeperSettings = { intervalMs: 1000, staleOfferMs: 2000, deadAfterMs: 15_000 };

/** What was repaired since the start. */
export type Repairs = { offers: number; stranded: number; neglected: number; deadWorkers: number };

export type Sweeper = {
  start(): void;
  stop(): Promise<void>;
  /** One round, now. */
  sweep(): Promise<void>;
  readonly repairs: Repairs;
};

export type SweeperDeps = Pick<EngineDeps, 'dispatch' | 'fleet' | 'broker' | 'timers' | 'clock' | 'log'> & {
  settler: Settler;
  admission: Admission;
};

const BATCH = 1000;
const OVERDUE_GRACE_MS = 2000;
const NEGLECTED_MS = 2000;
const MAINTAIN_EVERY_MS = 3_600_000;

export function createSweeper(deps: SweeperDeps, settings: SweeperSettings = DEFAULT_SWEEP): Sweeper {
  const { dispatch, broker, clock, log, settler } = deps;
  const liveness = createLiveness(deps, settings.deadAfterMs);
  const repairs: Repairs = { offers: 0, stranded: 0, neglected: 0, deadWorkers: 0 };
  let brokerEpoch: string | null = null;
  let maintainedAt = Number.NEGATIVE_INFINITY;
  let cancel = () => {};
  let round: Promise<void> | null = null;
  let stopped = false;

  async function sweepOnce(): Promise<void> {
    await step('offers', republish);
    await step('backlog', () => deps.admission.discover());
    await step('timers', loadTimers);
    await step('workers', endDeadWorkers);
    await step('stranded tasks', releaseStranded);
    await step('neglected runs', advanceNeglected);
    await step('housekeeping', maintain);
  }

  async function step(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn({ err: error }, `the sweep of ${what} failed`);
    }
  }

  /** Offered, still ready, and in no lane: its message was lost. A broker that lost everything is looked at at once. */
  async function republish(): Promise<void> {
    const epoch = await broker.epoch();
    const emptied = epoch !== brokerEpoch;
    const stale = await dispatch.staleOffers(emptied ? 0 : settings.staleOfferMs, BATCH);
    const lost = await notHeld(stale);
    if (lost.length > 0) await broker.publish(lost);
    if (!emptied) repairs.offers += lost.length;
    if (stale.length < BATCH) brokerEpoch = epoch;
  }

  async function notHeld(messages: TaskMessage[]): Promise<TaskMessage[]> {
    if (messages.length === 0) return [];
    const held = await broker.held(messages);
    return messages.filter((message, index) => (held[index] ?? 0) < message.attempt);
  }

  async function loadTimers(): Promise<void> {
    const timers = await dispatch.dueTimers(TIMER_HORIZON_MS, BATCH);
    if (timers.length > 0) await deps.timers.schedule(timers);
  }

  async function endDeadWorkers(): Promise<void> {
    repairs.deadWorkers += await liveness.endDead();
  }

  async function releaseStranded(): Promise<void> {
    const stranded = await dispatch.strandedAttempts({ graceMs: OVERDUE_GRACE_MS, limit: BATCH });
    const settled = await Promise.all(
      stranded.map(({ task, reason }) =>
        settler.settle({
          runId: task.runId,
          workflow: null,
          event: reason === 'worker_ended' ? { type: 'released', reason: 'crash', ...task } : overdue(task),
        }),
      ),
    );
    repairs.stranded += settled.filter(({ applied }) => applied).length;
  }

  async function advanceNeglected(): Promise<void> {
    const runIds = await dispatch.neglectedRuns(NEGLECTED_MS, BATCH);
    repairs.neglected += runIds.length;
    await Promise.all(runIds.map((runId) => settler.settle({ runId, workflow: null, event: { type: 'advance' } })));
  }

  async function maintain(): Promise<void> {
    const now = clock.monotonicMs();
    if (now - maintainedAt < MAINTAIN_EVERY_MS) return;
    await dispatch.maintain();
    maintainedAt = now;
  }

  function sweep(): Promise<void> {
    round ??= sweepOnce().finally(() => {
      round = null;
    });
    return round;
  }

  function next(): void {
    void sweep().finally(() => {
      if (!stopped) cancel = clock.after(settings.intervalMs, next);
    });
  }

  return {
    start: next,
    async stop() {
      stopped = true;
      cancel();
      await round;
    },
    sweep,
    repairs,
  };
}

/** A worker that lives but let a deadline pass has lost control of the attempt. */
function overdue(task: { runId: string; key: string; taskEpoch: number; runEpoch: number; attempt: number }) {
  const message = 'the attempt did not end by its deadline, and its worker did not say so';
  const outcome = { kind: 'failed', error: { code: 'timeout', message, retryable: true } } as const;
  return { type: 'outcome', outcome, worker: 'sweeper', ...task } as const;
}

/** Turns timers that are due into events of their runs. */
export function fireTimers(settler: Settler, timers: readonly DueTimer[]): void {
  for (const { runId, key, kind, attempt } of timers) {
    void settler.settle({ runId, workflow: null, event: { type: 'timer', key, kind, attempt } });
  }
}
