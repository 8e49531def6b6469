import type { Ack, Broker, LaneList, TaskMessage } from '@weft/engine/ports';
import { expect } from 'vitest';

import type { SeededRandom } from '../seeded-random.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { ackOf, taskMessage } from '../task-message.ts';
import { LaneModel } from './lane-model.ts';
import { BOUND_MS, taskIds } from './opened-broker.ts';

const LANES = ['x', 'y'] as const;
const TENANTS = ['acme', 'globex', 'initech'] as const;
const PRIORITIES = [0, 1, 2, 3] as const;
const WORKERS = ['w1', 'w2', 'w3'] as const;
const TASKS = 12;
const MOST_OPEN_CLAIMS = 3;

/** A claim under way; `messages` is set once it has ended. */
type OpenClaim = {
  worker: string;
  lanes: readonly string[];
  signal: AbortSignal;
  abort: () => void;
  ended: Promise<void>;
  messages: TaskMessage[] | null;
};

/**
 * One random walk: each step is done on the broker and told to the model. Claims may stay open over many steps; after
 * each step, none may wait while its lanes hold messages.
 */
export class BrokerWalk {
  /** What was done, for the report of a failure. */
  readonly trail: string[] = [];
  readonly #model: LaneModel;
  readonly #ageingMs: number;
  readonly #random: SeededRandom;
  readonly #brokers: readonly Broker[];
  #open: OpenClaim[] = [];

  constructor(brokers: readonly Broker[], { seed, ageingMs }: { seed: number; ageingMs: number }) {
    this.#brokers = brokers;
    this.#model = new LaneModel(ageingMs);
    this.#ageingMs = ageingMs;
    this.#random = createSeededRandom(seed);
  }

  async step(): Promise<void> {
    const [publish, claim] = [() => this.#publish(), () => this.#claim()];
    const others = [
      () => this.#release(),
      () => this.#settle(),
      () => this.#abort(),
      () => this.#abortWhilePublishing(),
    ];
    await this.#random.pick([publish, publish, claim, claim, ...others])();
    await this.#serveOpenClaims();
    await this.#compare();
  }

  /** Ends all claims, takes what is left and acknowledges everything: then nothing may be held. */
  async finish(): Promise<void> {
    while (this.#open.length > 0) await this.#abort();
    for (const lane of LANES) while (this.#model.waitingOn([lane]) > 0) await this.#claimNow('w1', [lane], TASKS);
    await this.#do(
      [],
      this.#model.claims().map(({ message }) => ackOf(message)),
    );
    await this.#compare();
    expect(this.#model.claims()).toEqual([]);
  }

  /** Leaves no claim open, whatever happened. */
  async abandon(): Promise<void> {
    for (const claim of this.#open) claim.abort();
    await Promise.all(this.#open.map((claim) => claim.ended));
  }

  get #broker(): Broker {
    return this.#random.pick(this.#brokers);
  }

  async #publish(): Promise<void> {
    const count = 1 + this.#random.below(4);
    await this.#do(
      Array.from({ length: count }, () => this.#message()),
      [],
    );
  }

  async #settle(): Promise<void> {
    const settled = this.#model.claims().filter(() => this.#random.chance(0.5));
    const stale = this.#random.chance(0.3) ? [ackOf(this.#message())] : [];
    const messages = this.#random.chance(0.5) ? [this.#message()] : [];
    await this.#do(messages, [...settled.map(({ message }) => ackOf(message)), ...stale]);
  }

  async #claim(): Promise<void> {
    const lanes = this.#random.pick([['x'], ['y'], ['x', 'y'], ['y', 'x']]);
    const worker = this.#random.pick(WORKERS);
    const limit = 1 + this.#random.below(4);
    if (this.#model.waitingOn(lanes) > 0) return this.#claimNow(worker, lanes, limit);
    if (this.#open.length < MOST_OPEN_CLAIMS) this.#openClaim(worker, lanes, limit);
  }

  async #release(): Promise<void> {
    const worker = this.#random.pick(WORKERS);
    const claims = this.#model.claims().filter((claim) => claim.worker === worker && this.#random.chance(0.6));
    const own = claims.map(({ message }) => message);
    const stale = this.#random.chance(0.3) ? [this.#message()] : [];
    const messages = [...own, ...stale.filter(({ taskId }) => !taskIds(own).includes(taskId))];
    this.trail.push(`release ${worker} ${taskIds(messages).join()}`);
    this.#model.release(worker, messages);
    await this.#broker.release(worker, messages);
  }

  async #abort(): Promise<void> {
    const claim = this.#open.shift();
    if (claim === undefined) return;
    this.trail.push(`abort ${claim.worker}`);
    claim.abort();
    await claim.ended;
    expect(claim.messages).toEqual([]);
  }

  /** Whether the claim gets something or not, what it does not return must still be there. */
  async #abortWhilePublishing(): Promise<void> {
    const claim = this.#open[0];
    const published = this.#publish();
    claim?.abort();
    await published;
    await claim?.ended;
  }

  async #do(messages: readonly TaskMessage[], acks: readonly Ack[]): Promise<void> {
    const named = messages.map(({ taskId, attempt }) => `${taskId}:${attempt}`);
    this.trail.push(`publish ${named.join()} ack ${acks.map(({ taskId, attempt }) => `${taskId}:${attempt}`).join()}`);
    const added = this.#model.publish(messages, acks);
    expect(await this.#broker.publish(messages, acks)).toBe(added);
  }

  async #claimNow(worker: string, lanes: readonly string[], limit: number): Promise<void> {
    this.trail.push(`claim ${worker} ${lanes.join()} ${limit}`);
    const messages = await this.#broker.claim({ worker, lanes, limit, signal: AbortSignal.timeout(BOUND_MS) });
    this.#model.claimed(worker, messages, true);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.length).toBeLessThanOrEqual(limit);
  }

  #openClaim(worker: string, lanes: readonly string[], limit: number): void {
    this.trail.push(`wait ${worker} ${lanes.join()} ${limit}`);
    const controller = new AbortController();
    const messages = this.#broker.claim({ worker, lanes, limit, signal: controller.signal });
    const claim: OpenClaim = {
      worker,
      lanes,
      signal: controller.signal,
      abort: () => controller.abort(),
      ended: messages.then((claimed) => {
        claim.messages = claimed;
      }),
      messages: null,
    };
    this.#open.push(claim);
  }

  /** Waits until no open claim could have something, and tells the model what the ended ones got. */
  async #serveOpenClaims(): Promise<void> {
    const isServed = (): boolean => {
      this.#noteEndedClaims();
      return this.#open.every((claim) => this.#model.waitingOn(claim.lanes) === 0);
    };
    if (await isServedSoon(isServed)) return;
    await expect.poll(isServed, { timeout: BOUND_MS, interval: 2 }).toBe(true);
  }

  #noteEndedClaims(): void {
    for (const { worker, messages, signal } of this.#open) {
      if (messages === null) continue;
      this.#note(worker, messages);
      if (messages.length === 0 && !signal.aborted) throw new Error(`the claim of ${worker} ended with nothing`);
    }
    this.#open = this.#open.filter((claim) => claim.messages === null);
  }

  #note(worker: string, messages: readonly TaskMessage[]): void {
    this.trail.push(`${worker} got ${taskIds(messages).join()}`);
    this.#model.claimed(worker, messages, false);
  }

  async #compare(): Promise<void> {
    const tasks = LANES.flatMap((lane) => Array.from({ length: TASKS }, (_, n) => ({ lane, taskId: `${lane}${n}` })));
    const lists: LaneList[] = LANES.flatMap((lane) =>
      TENANTS.flatMap((tenant) => PRIORITIES.map((priority) => ({ lane, tenant, priority }))),
    );
    const [held, depths] = await Promise.all([this.#broker.held(tasks), this.#broker.depths(lists)]);
    expect(held).toEqual(tasks.map(({ lane, taskId }) => this.#model.heldAttempt(lane, taskId)));
    expect(depths).toEqual(lists.map((list) => this.#model.depth(list)));
  }

  #message(): TaskMessage {
    const lane = this.#random.pick(LANES);
    const taskId = `${lane}${this.#random.below(TASKS)}`;
    const held = this.#model.heldAttempt(lane, taskId) ?? 1;
    return taskMessage(taskId, {
      lane,
      attempt: Math.max(1, held + this.#random.below(3) - 1),
      tenant: this.#random.pick(TENANTS),
      priority: this.#random.pick(PRIORITIES),
      readyAt: Date.UTC(2026, 0, 1) + this.#random.below(6 * this.#ageingMs),
    });
  }
}

/** Most brokers in memory need a few microtasks only; a poll costs a timer. */
async function isServedSoon(isServed: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 5; turn++) {
    if (isServed()) return true;
    await Promise.resolve();
  }
  return isServed();
}
