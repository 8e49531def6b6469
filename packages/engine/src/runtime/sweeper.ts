/**
 * The sweepers: what every promise rests on when a message, a wake-up or a process is lost (rules A2, A4, A6, A10, A12).
 *
 * Any process may run them, several at once: each step is idempotent or fenced. They count what they repair; without
 * faults the counts stay 0.
 */
import type { DueTimer, TaskMessage } from '../ports/index.ts';
import type { Admission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import type { EndpointBook } from './endpoints/endpoint-book.ts';
import { createLiveness } from './liveness.ts';
import type { Liveness } from './liveness.ts';
import { TIMER_HORIZON_MS } from './publish.ts';
import { repeat } from './repeat.ts';
import type { Settler } from './settler.ts';
import { attemptOf } from './worker/running-flush.ts';

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
  /** Reports a worker whose end was seen: what it ran and had claimed is handed out anew at once (rule A6). */
  endWorker(id: string): Promise<void>;
  readonly repairs: Repairs;
};

export type SweeperDeps = Pick<EngineDeps, 'dispatch' | 'budgets' | 'fleet' | 'broker' | 'timers' | 'clock' | 'log'> & {
  settler: Settler;
  admission: Admission;
  endpointBook: Pick<EndpointBook, 'refresh'>;
  /** Starts the child run of this id that mail asks for. */
  startChild(runId: string): Promise<void>;
};

const BATCH = 1000;
/** What was claimed this long ago and still runs has been written as running, and is in a live hand. */
const IN_HAND_MS = 1000;
/** For each offer that was looked at the sweeper leaves offers alone for so long, up to a bound. */
const REST_MS_PER_OFFER = 1;
const MOST_REST_MS = 8000;
const OVERDUE_GRACE_MS = 2000;
const NEGLECTED_MS = 2000;

export function createSweeper(deps: SweeperDeps, settings: SweeperSettings = DEFAULT_SWEEP): Sweeper {
  return new RoundSweeper(deps, settings);
}

class RoundSweeper implements Sweeper {
  readonly repairs: Repairs = { offers: 0, stranded: 0, neglected: 0, deadWorkers: 0 };
  readonly #deps: SweeperDeps;
  readonly #settings: SweeperSettings;
  readonly #liveness: Liveness;
  #brokerEpoch: string | null = null;
  #restUntil = 0;
  #round: Promise<void> | null = null;
  #end: (() => void) | null = null;
  #stopped = false;

  constructor(deps: SweeperDeps, settings: SweeperSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#liveness = createLiveness(deps, settings.deadAfterMs);
  }

  start(): void {
    this.#end = repeat(this.#deps, { everyMs: this.#settings.intervalMs, what: 'a sweep', work: () => this.sweep() });
    void this.sweep();
  }

  /** What a round has not come to yet is left to others: with a store that answers late, each part may take long. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end?.();
    await this.#round;
  }

  sweep(): Promise<void> {
    this.#round ??= this.#sweepOnce().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  async endWorker(id: string): Promise<void> {
    await this.#deps.fleet.end([id]);
    await this.#takeBack([id], [id]);
  }

  async #sweepOnce(): Promise<void> {
    await this.#step('limits', () => this.#deps.admission.refresh());
    await this.#step('endpoints', async () => void (await this.#deps.endpointBook.refresh()));
    await this.#step('offers', () => this.#republish());
    await this.#step('backlog', () => this.#deps.admission.discover());
    await this.#step('timers', () => this.#loadTimers());
    await this.#step('workers', () => this.#endDeadWorkers());
    await this.#step('stranded tasks', () => this.#releaseStranded());
    await this.#step('neglected runs', () => this.#advanceNeglected());
    await this.#step('reservations', () => this.#sweepReservations());
  }

  /** What dead workers have reserved is free again once their attempts are. */
  async #sweepReservations(): Promise<void> {
    await this.#deps.budgets.sweep(BATCH);
  }

  /** One part that fails does not keep the others from their work. */
  async #step(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    try {
      await work();
    } catch (error) {
      this.#deps.log.warn({ err: error }, `the sweep of ${what} failed`);
    }
  }

  /**
   * Offered, still ready, and in no lane: its message was lost. A broker that lost everything is looked at at once. All
   * offers are gone through, however many wait on lanes that nobody serves; the windows bound them. A long list is gone
   * through more rarely: it must not cost those who work on it.
   */
  async #republish(): Promise<void> {
    const { broker, dispatch, clock } = this.#deps;
    const epoch = await broker.epoch();
    const emptied = epoch !== this.#brokerEpoch;
    if (!emptied && clock.monotonicMs() < this.#restUntil) return;
    const olderThanMs = emptied ? Math.min(IN_HAND_MS, this.#settings.staleOfferMs) : this.#settings.staleOfferMs;
    let after: string | null = null;
    let seen = 0;
    do {
      const { messages, next } = await dispatch.staleOffers({ olderThanMs, limit: BATCH, after });
      const lost = await this.#lostOf(messages);
      if (lost.length > 0) await broker.publish(lost);
      if (!emptied) this.repairs.offers += lost.length;
      after = next;
      seen += messages.length;
    } while (after !== null && !this.#stopped);
    this.#restUntil = clock.monotonicMs() + Math.min(seen * REST_MS_PER_OFFER, MOST_REST_MS);
    this.#brokerEpoch = epoch;
  }

  /** A task that ended since it was read is held no more either: only what is still ready now, and was not held, is lost. */
  async #lostOf(messages: TaskMessage[]): Promise<TaskMessage[]> {
    if (messages.length === 0) return [];
    const held = await this.#deps.broker.held(messages);
    const suspects = messages.filter((message, index) => (held[index] ?? 0) < message.attempt);
    if (suspects.length === 0) return [];
    const ready = await this.#deps.dispatch.areReady(suspects);
    return suspects.filter((_, index) => ready[index]);
  }

  async #loadTimers(): Promise<void> {
    const timers = await this.#deps.dispatch.dueTimers(TIMER_HORIZON_MS, BATCH);
    if (timers.length > 0) await this.#deps.timers.schedule(timers);
  }

  async #endDeadWorkers(): Promise<void> {
    const { dead, ended } = await this.#liveness.look();
    this.repairs.deadWorkers += dead.length;
    if (dead.length + ended.length > 0) await this.#takeBack(dead, [...dead, ...ended]);
  }

  /**
   * What the dead ran, or had claimed and may have begun, is released, which raises its attempt (rule A4). What is left in
   * the name of any that ended is then put back as it is.
   */
  async #takeBack(dead: readonly string[], ended: readonly string[]): Promise<void> {
    await this.#releaseStranded();
    for (const worker of dead) await this.#releaseClaims(worker);
    for (const worker of ended) await this.#putBack(worker);
  }

  /** What it had settled, or what runs or waits by now, is acknowledged in its place: nobody begins that once more. */
  async #putBack(worker: string): Promise<void> {
    const { broker, dispatch } = this.#deps;
    const claimed = await broker.claimed(worker);
    const ready = claimed.length > 0 ? await dispatch.areReady(claimed) : [];
    const over = claimed.filter((_, index) => !ready[index]);
    if (over.length > 0) await broker.publish([], over);
    await broker.recall(worker);
  }

  async #releaseClaims(worker: string): Promise<void> {
    const { broker, settler } = this.#deps;
    const claimed = await broker.claimed(worker);
    const released = claimed.map((message) => {
      const event = { type: 'released', reason: 'lost', ...attemptOf(message) } as const;
      return settler.settle({ runId: message.runId, workflow: message.workflow, event });
    });
    await Promise.all(released);
  }

  async #releaseStranded(): Promise<void> {
    const { dispatch, settler } = this.#deps;
    const stranded = await dispatch.strandedAttempts({ graceMs: OVERDUE_GRACE_MS, limit: BATCH });
    const settled = await Promise.all(
      stranded.map(({ task, reason }) => {
        const crashed = { type: 'released', reason: 'crash', ...task } as const;
        const event = reason === 'worker_ended' ? crashed : overdue(task);
        return settler.settle({ runId: task.runId, workflow: null, event });
      }),
    );
    this.repairs.stranded += settled.filter(({ applied }) => applied).length;
  }

  async #advanceNeglected(): Promise<void> {
    const { dispatch, settler } = this.#deps;
    const runIds = await dispatch.neglectedRuns(NEGLECTED_MS, BATCH);
    this.repairs.neglected += runIds.length;
    await Promise.all(
      runIds.map(async (runId) => {
        const { exists } = await settler.settle({ runId, workflow: null, event: { type: 'advance' } });
        if (!exists) await this.#deps.startChild(runId);
      }),
    );
  }
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
