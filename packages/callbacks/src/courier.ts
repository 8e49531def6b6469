/**
 * Brings to callbacks what the outbox holds. Postgres knows what is due; a queue spreads it over the processes that work. A queue
 * that has lost everything costs the time of a lease.
 */
import type { Clock, DeliveryQueue, DeliveryStore, Log } from '@weft/engine/ports';
import { repeat } from '@weft/engine/runtime';

import { send } from './send.ts';
import { CIRCUIT, SCHEDULE_MS, whatNext } from './what-next.ts';

export type CourierDeps = {
  deliveries: DeliveryStore;
  queue: DeliveryQueue;
  clock: Clock;
  log: Log;
};

export type CourierOptions = {
  /** The pauses between attempts, ms. */
  scheduleMs?: readonly number[] | null;
  /** How often it looks for what is due, ms (1,000). */
  everyMs?: number;
  /** How long an answer may take, ms (15,000). */
  timeoutMs?: number;
  /** How long a delivery belongs to a queue, or to a process, ms (20,000): longer than an answer may take. */
  leaseMs?: number;
};

export type Courier = {
  start(): void;
  /** What is under way may end; what has not ended after 3 s is broken off, and comes again after its lease. */
  stop(): Promise<void>;
};

const AT_ONCE = 500;
/** To one callback at once, so that a slow one does not hold up the others. */
const EACH = 10;
const GRACE_MS = 3_000;
const FORGET_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;
const AGES = { deliveredMs: 7 * DAY_MS, deadMs: 30 * DAY_MS };

export function createCourier(deps: CourierDeps, options: CourierOptions = {}): Courier {
  const { clock, log } = deps;
  const { everyMs = 1_000 } = options;
  const round = new Round(deps, options);
  let ends: (() => void)[] = [];
  return {
    start() {
      ends = [
        deps.queue.onDelivery((id) => round.deliver(id)),
        repeat({ clock, log }, { everyMs, what: 'looking for due deliveries', work: () => round.take() }),
        repeat(
          { clock, log },
          {
            everyMs: FORGET_EVERY_MS,
            what: 'forgetting old deliveries',
            work: async () => void (await deps.deliveries.forget(AGES)),
          },
        ),
      ];
    },
    async stop() {
      for (const end of ends) end();
      await round.stop();
    },
  };
}

class Round {
  readonly #deps: CourierDeps;
  readonly #options: CourierOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #hasEnded = false;
  #isTaking = false;

  constructor(deps: CourierDeps, options: CourierOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async take(): Promise<void> {
    if (this.#isTaking || this.#hasEnded) return;
    this.#isTaking = true;
    try {
      const ids = await this.#deps.deliveries.takeDue({ limit: AT_ONCE, each: EACH, leaseMs: this.#leaseMs });
      if (ids.length > 0) await this.#deps.queue.add(ids);
    } finally {
      this.#isTaking = false;
    }
  }

  async deliver(id: string): Promise<void> {
    if (this.#hasEnded) return;
    const work = this.#deliver(id);
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
      // Its callback has room for another one.
      if (this.#underWay.size === 0) void this.take().catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.#hasEnded = true;
    const cancel = this.#deps.clock.after(GRACE_MS, () => this.#stop.abort());
    await Promise.allSettled(this.#underWay);
    cancel();
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? 20_000;
  }

  async #deliver(id: string): Promise<void> {
    const { deliveries, clock, log } = this.#deps;
    const { scheduleMs, timeoutMs = 15_000 } = this.#options;
    const taken = await deliveries.begin(id, this.#leaseMs);
    if (taken === null) return;
    const limit = AbortSignal.timeout(timeoutMs);
    const sent = await send(taken, clock, AbortSignal.any([this.#stop.signal, limit]));
    // Broken off by us, and not by its receiver: as if it had not been tried.
    if (this.#stop.signal.aborted && sent.attempt.status === null) return;
    const [byte = 0] = clock.randomBytes(1);
    const next = whatNext(sent, taken, { schedule: scheduleMs ?? SCHEDULE_MS, chance: byte / 255 });
    await deliveries.end(taken, { attempt: sent.attempt, next, circuit: CIRCUIT });
    if (next.kind === 'delivered') return;
    const { status, error } = sent.attempt;
    log.warn(
      { deliveryId: id, callbackId: taken.callbackId, status, error, next: next.kind },
      'a callback was not told',
    );
  }
}
