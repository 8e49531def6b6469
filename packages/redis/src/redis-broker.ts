import { ANY_LANE, isAnyLane, warnOfListenerError } from '@weft/engine/ports';
import type { Ack, Broker, ClaimRequest, LaneList, LaneOrder, OnListenerError, TaskMessage } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { sharedBase } from './keys.ts';
import { Lanes } from './lanes.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { Subscriptions } from './subscriptions.ts';
import { WakeLoop } from './wake-loop.ts';

export type RedisBrokerOptions = {
  /**
   * How much longer waiting outweighs one level of priority (30,000 ms). A low task waits at most three times this longer
   * than a critical one; and a critical one waits behind low ones that are older by more than that.
   */
  ageingMs?: number;
  /** What becomes of an error thrown by a listener of `onRevoke` (a process warning). */
  onListenerError?: OnListenerError;
};

export type RedisBroker = Broker & {
  /** Ends waiting claims with nothing and hands back what claims took whose answer was lost; the connection stays. */
  close(): Promise<void>;
};

const DEFAULT_AGEING_MS = 30_000;

/**
 * Lanes in Redis, as in rules A2 and A3: each operation is one script per lane and atomic there. It fails fast when Redis
 * is away; claims that wait already wait on.
 */
export function createRedisBroker(connection: RedisConnection, options: RedisBrokerOptions = {}): RedisBroker {
  return new LaneBroker(connection, options);
}

class LaneBroker implements RedisBroker {
  readonly #connection: RedisConnection;
  readonly #lanes: Lanes;
  readonly #wakeLoop: WakeLoop;
  readonly #subscriptions: Subscriptions;
  /** Lanes for whoever serves any, as far as this process has heard of them. */
  readonly #anyLanes = new Set<string>();
  #paused: ReadonlySet<string> = new Set();

  constructor(connection: RedisConnection, options: RedisBrokerOptions) {
    const { ageingMs = DEFAULT_AGEING_MS, onListenerError = warnOfListenerError } = options;
    this.#connection = connection;
    this.#lanes = new Lanes(connection, { ageingMs });
    this.#wakeLoop = new WakeLoop(connection);
    this.#subscriptions = createSubscriptions(connection.subscriber, onListenerError);
    connection.commands.on('ready', this.#recoverLost);
  }

  async publish(messages: readonly TaskMessage[], acks: readonly Ack[] = []): Promise<number> {
    const { uploads } = this.#lanes;
    const lanes = new Set([...acks, ...messages].map(({ lane }) => lane));
    const publishing = Array.from(lanes, (lane) => {
      const isHere = (item: { lane: string }): boolean => item.lane === lane;
      return this.#lanes.publish(lane, messages.filter(isHere), acks.filter(isHere));
    });
    const [announced, ...added] = await Promise.allSettled([this.#lanes.announce(messages), ...publishing]);
    const failed = added.find((result) => result.status === 'rejected') ?? announced;
    if (failed.status === 'rejected') throw failed.reason;
    if (this.#lanes.uploads !== uploads) await this.#lanes.announce(messages);
    return added.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
  }

  async claim(request: ClaimRequest): Promise<TaskMessage[]> {
    const { lanes, limit, signal, onWait } = request;
    if (signal.aborted || limit < 1) return [];
    const look = () => this.#take(request);
    const keys = this.#wakeKeys(lanes);
    const found = await look();
    if (found !== null) return found;
    onWait?.();
    return (await this.#wakeLoop.wait({ keys, look, signal })) ?? [];
  }

  async release(worker: string, messages: readonly TaskMessage[]): Promise<void> {
    const lanes = new Set(messages.map(({ lane }) => lane));
    const releasing = Array.from(lanes, (lane) => {
      return this.#lanes.release(
        lane,
        worker,
        messages.filter((message) => message.lane === lane),
      );
    });
    await Promise.all(releasing);
    await this.#lanes.announce(messages);
  }

  async recall(worker: string): Promise<number> {
    const lanes = await this.#lanes.known();
    const counts = await Promise.all(lanes.map((lane) => this.#lanes.recall(lane, worker)));
    await this.#lanes.announce(lanes.filter((_, index) => counts[index] !== 0).map((lane) => ({ lane })));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async claimed(worker: string): Promise<TaskMessage[]> {
    const lanes = await this.#lanes.known();
    return (await Promise.all(lanes.map((lane) => this.#lanes.claimed(lane, worker)))).flat();
  }

  async held(tasks: readonly { lane: string; taskId: string }[]): Promise<(number | null)[]> {
    const byLane = Map.groupBy(tasks, ({ lane }) => lane);
    const attempts = new Map<string, number | null>();
    const asking = Array.from(byLane, async ([lane, some]) => {
      const taskIds = some.map(({ taskId }) => taskId);
      for (const [index, attempt] of (await this.#lanes.held(lane, taskIds)).entries()) {
        attempts.set(JSON.stringify([lane, taskIds[index]]), attempt);
      }
    });
    await Promise.all(asking);
    return tasks.map(({ lane, taskId }) => attempts.get(JSON.stringify([lane, taskId])) ?? null);
  }

  async depths(lists: readonly LaneList[]): Promise<number[]> {
    return await Promise.all(lists.map((list) => this.#lanes.depth(list)));
  }

  arrange({ weights, paused }: LaneOrder): void {
    const resumed = Array.from(this.#paused).some((lane) => !paused.has(lane));
    this.#lanes.weights = weights;
    this.#paused = paused;
    // What waits there may have no token any more.
    if (resumed) this.#wakeLoop.lookAgain();
  }

  async epoch(): Promise<string> {
    const key = `${sharedBase(this.#connection.prefix)}epoch`;
    const fresh = crypto.randomUUID();
    return (await this.#connection.commands.set(key, fresh, 'NX', 'GET')) ?? fresh;
  }

  async revoke(runId: string): Promise<void> {
    await this.#connection.commands.publish(this.#revokeChannel, runId);
  }

  onRevoke(listener: (runId: string) => void): () => void {
    return this.#subscriptions.subscribe(this.#revokeChannel, {
      onMessage: listener,
      // What was missed is found by the flush of running tasks and by heartbeats.
      onGap: () => undefined,
    });
  }

  async close(): Promise<void> {
    this.#connection.commands.off('ready', this.#recoverLost);
    await this.#wakeLoop.close();
    await this.#lanes.recoverLost().catch(() => undefined);
    this.#subscriptions.close();
  }

  get #revokeChannel(): string {
    return `${this.#connection.prefix}revoke`;
  }

  readonly #recoverLost = (): void => {
    this.#lanes.recoverLost().catch(() => undefined);
  };

  /** Null if nothing waits. */
  async #take(request: ClaimRequest): Promise<TaskMessage[] | null> {
    const { lanes } = request;
    const servesAny = lanes.includes(ANY_LANE);
    const messages = servesAny ? await this.#takeAny(request) : await this.#takeFrom([...new Set(lanes)], request);
    return messages.length > 0 ? messages : null;
  }

  /** Lanes that are new to this process are asked for while it looks at the others: that takes no round trip of its own. */
  async #takeAny(request: ClaimRequest): Promise<TaskMessage[]> {
    const named = request.lanes.filter((lane) => lane !== ANY_LANE);
    const served = [...new Set([...named, ...this.#anyLanes])];
    const [taking, asking] = await Promise.allSettled([this.#takeFrom(served, request), this.#lanes.known()]);
    const messages = taking.status === 'fulfilled' ? taking.value : [];
    if (messages.length === 0 && taking.status === 'rejected') throw taking.reason;
    if (messages.length === 0 && asking.status === 'rejected') throw asking.reason;
    const known = asking.status === 'fulfilled' ? asking.value : [];
    const fresh = known.filter((lane) => isAnyLane(lane) && !this.#anyLanes.has(lane));
    if (fresh.length === 0) return messages;
    for (const lane of fresh) this.#anyLanes.add(lane);
    // Who holds messages already looks at new lanes by the next token.
    if (messages.length === 0) return this.#takeFrom(fresh, request);
    this.#lanes.announce(fresh.map((lane) => ({ lane }))).catch(() => undefined);
    return messages;
  }

  async #takeFrom(served: readonly string[], { worker, lanes, limit }: ClaimRequest): Promise<TaskMessage[]> {
    const open = this.#paused.size === 0 ? served : served.filter((lane) => !this.#paused.has(lane));
    const shares = await this.#sharesOf(open, limit);
    const claims = await Promise.allSettled(shares.map((share) => this.#lanes.claim({ worker, ...share })));
    const messages = claims.flatMap((claim) => (claim.status === 'fulfilled' ? claim.value.messages : []));
    const failed = claims.find((claim) => claim.status === 'rejected');
    if (messages.length === 0 && failed !== undefined) throw failed.reason;
    // Tokens for those who serve any lane are not in the lane's own list, so its script cannot hand them on.
    const more = claims.flatMap((claim, index) => {
      return claim.status === 'fulfilled' && claim.value.waiting > 0 ? (shares[index] ?? []) : [];
    });
    if (lanes.includes(ANY_LANE) && more.length > 0) this.#lanes.announce(more).catch(() => undefined);
    return messages;
  }

  /** How much of `limit` is for which lane: the most urgent lane first, as far as messages wait there. */
  async #sharesOf(lanes: readonly string[], limit: number): Promise<{ lane: string; limit: number }[]> {
    const [only] = lanes;
    if (only !== undefined && lanes.length === 1) return [{ lane: only, limit }];
    const shares: { lane: string; limit: number }[] = [];
    let left = limit;
    for (const { lane, waiting } of await this.#lanes.peek(lanes)) {
      const share = Math.min(left, waiting);
      if (share > 0) shares.push({ lane, limit: share });
      left -= share;
    }
    return shares;
  }

  #wakeKeys(lanes: readonly string[]): string[] {
    if (!lanes.includes(ANY_LANE)) return lanes.map((lane) => this.#lanes.wakeKey(lane));
    const named = lanes.filter((lane) => lane !== ANY_LANE && !isAnyLane(lane));
    return [this.#lanes.wakeKey(null), ...named.map((lane) => this.#lanes.wakeKey(lane))];
  }
}
