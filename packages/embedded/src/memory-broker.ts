import { ANY_LANE, isAnyLane, Listeners, warnOfListenerError } from '@weft/engine/ports';
import type {
  Ack,
  Broker,
  ClaimRequest,
  Clock,
  LaneList,
  LaneOrder,
  OnListenerError,
  TaskMessage,
} from '@weft/engine/ports';

import type { LaneOptions } from './memory-lane.ts';
import { MemoryLane } from './memory-lane.ts';
import { systemClock } from './system-clock.ts';
import { WaitingClaims } from './waiting-claim.ts';
import type { WaitingClaim } from './waiting-claim.ts';

export type MemoryBrokerOptions = {
  clock?: Pick<Clock, 'randomBytes'>;
  /**
   * How much longer waiting outweighs one level of priority (30,000 ms). A low task waits at most three times this longer
   * than a critical one; and a critical one waits behind low ones that are older by more than that.
   */
  ageingMs?: number;
  /** What becomes of an error thrown by a listener of `onRevoke` (a process warning). */
  onListenerError?: OnListenerError;
};

const DEFAULT_AGEING_MS = 30_000;

/** Lanes in the memory of one process, as in rules A2 and A3. Every operation is atomic: none yields while it changes. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): Broker {
  return new MemoryBroker(options);
}

class MemoryBroker implements Broker {
  readonly #lanes = new Map<string, MemoryLane>();
  readonly #claims = new WaitingClaims();
  readonly #revocations: Listeners<string>;
  readonly #laneOptions: LaneOptions;
  readonly #epoch: string;
  #order: LaneOrder = { weights: new Map(), paused: new Set() };

  constructor(options: MemoryBrokerOptions) {
    const { clock = systemClock, ageingMs = DEFAULT_AGEING_MS } = options;
    this.#laneOptions = { ageingMs, weightOf: (tenant) => this.#order.weights.get(tenant) ?? 1 };
    this.#revocations = new Listeners(options.onListenerError ?? warnOfListenerError);
    this.#epoch = Buffer.from(clock.randomBytes(16)).toString('hex');
  }

  async publish(messages: readonly TaskMessage[], acks: readonly Ack[] = []): Promise<number> {
    for (const ack of acks) this.#lanes.get(ack.lane)?.ack(ack);
    let added = 0;
    for (const message of messages) if (this.#lane(message.lane).publish(message)) added++;
    this.#handOver(messages.map(({ lane }) => lane));
    return added;
  }

  async claim(request: ClaimRequest): Promise<TaskMessage[]> {
    const { worker, lanes, limit, signal } = request;
    if (signal.aborted || limit < 1) return [];
    const taken = this.#take(worker, lanes, limit);
    if (taken.length > 0) return taken;
    request.onWait?.();
    const handed = await this.#claims.wait(request);
    if (!signal.aborted) return handed;
    // Aborted after the messages were handed over, but before the caller could see them.
    this.#putBack(worker, handed);
    return [];
  }

  async release(worker: string, messages: readonly TaskMessage[]): Promise<void> {
    this.#putBack(worker, messages);
  }

  async recall(worker: string): Promise<number> {
    const claimed = await this.claimed(worker);
    this.#putBack(worker, claimed);
    return claimed.length;
  }

  async claimed(worker: string): Promise<TaskMessage[]> {
    return Array.from(this.#lanes.values()).flatMap((lane) => lane.claimedBy(worker));
  }

  async held(tasks: readonly { lane: string; taskId: string }[]): Promise<(number | null)[]> {
    return tasks.map(({ lane, taskId }) => this.#lanes.get(lane)?.heldAttempt(taskId) ?? null);
  }

  async depths(lists: readonly LaneList[]): Promise<number[]> {
    return lists.map((list) => this.#lanes.get(list.lane)?.depth(list) ?? 0);
  }

  arrange(order: LaneOrder): void {
    const before = this.#order.paused;
    this.#order = order;
    this.#handOver(Array.from(before).filter((lane) => !order.paused.has(lane)));
  }

  async epoch(): Promise<string> {
    return this.#epoch;
  }

  async revoke(runId: string): Promise<void> {
    this.#revocations.notify(runId);
  }

  onRevoke(listener: (runId: string) => void): () => void {
    return this.#revocations.add(listener);
  }

  #lane(name: string): MemoryLane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane = new MemoryLane(this.#laneOptions);
    this.#lanes.set(name, lane);
    return lane;
  }

  #take(worker: string, lanes: readonly string[], limit: number): TaskMessage[] {
    const taken: TaskMessage[] = [];
    while (taken.length < limit) {
      const message = this.#mostUrgent(lanes)?.take(worker);
      if (message === undefined || message === null) break;
      taken.push(message);
    }
    return taken;
  }

  #mostUrgent(lanes: readonly string[]): MemoryLane | null {
    let best: { lane: MemoryLane; rank: number } | null = null;
    for (const name of this.#served(lanes)) {
      const lane = this.#lanes.get(name);
      const rank = lane?.rank ?? null;
      if (lane === undefined || rank === null) continue;
      if (best === null || rank < best.rank) best = { lane, rank };
    }
    return best?.lane ?? null;
  }

  #served(lanes: readonly string[]): Iterable<string> {
    const { paused } = this.#order;
    const served = lanes.includes(ANY_LANE) ? [...lanes, ...Array.from(this.#lanes.keys()).filter(isAnyLane)] : lanes;
    return paused.size === 0 ? served : served.filter((lane) => !paused.has(lane));
  }

  #putBack(worker: string, messages: readonly TaskMessage[]): void {
    for (const message of messages.toReversed()) this.#lanes.get(message.lane)?.putBack(worker, message);
    this.#handOver(messages.map(({ lane }) => lane));
  }

  /** Ends waiting claims with what has come, the longest wait first, in equal shares: no claim is woken for nothing. */
  #handOver(lanes: readonly string[]): void {
    for (const name of new Set(lanes)) {
      if (this.#order.paused.has(name)) continue;
      const lane = this.#lane(name);
      const served = isAnyLane(name) ? [name, ANY_LANE] : [name];
      for (let claim = this.#firstClaim(served); claim !== null; claim = this.#firstClaim(served)) {
        if (lane.waiting === 0) break;
        const waiting = served.reduce((sum, of) => sum + this.#claims.count(of), 0);
        const share = Math.ceil(lane.waiting / waiting);
        claim.end(this.#take(claim.worker, [name], Math.min(claim.limit, share)));
      }
    }
  }

  #firstClaim(served: readonly string[]): WaitingClaim | null {
    for (const name of served) {
      const claim = this.#claims.first(name);
      if (claim !== null) return claim;
    }
    return null;
  }
}
