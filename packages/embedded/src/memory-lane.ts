import type { Ack, TaskMessage } from '@weft/engine/ports';

import type { HeldMessage, WeightOf } from './tenant-ring.ts';
import { TenantRing } from './tenant-ring.ts';

export type LaneOptions = {
  /** How much waiting outweighs one level of priority. */
  ageingMs: number;
  weightOf: WeightOf;
};

/** One lane: what it holds by task, and what of that waits, by priority and tenant (rules A2, A3). */
export class MemoryLane {
  readonly #held = new Map<string, HeldMessage>();
  readonly #rings: readonly [TenantRing, TenantRing, TenantRing, TenantRing];
  readonly #ageingMs: number;
  #waiting = 0;

  constructor({ ageingMs, weightOf }: LaneOptions) {
    this.#ageingMs = ageingMs;
    const ring = (): TenantRing => new TenantRing(weightOf);
    this.#rings = [ring(), ring(), ring(), ring()];
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The rank of what is taken next, the lowest first among all lanes; null if nothing waits. */
  get rank(): number | null {
    return this.#next()?.rank ?? null;
  }

  /** Returns false if the task is held with this attempt or a higher one. */
  publish(message: TaskMessage): boolean {
    const known = this.#held.get(message.taskId);
    if (known !== undefined && known.message.attempt >= message.attempt) return false;
    if (known !== undefined) this.#forget(known);
    const held = { message, worker: null, prev: null, next: null };
    this.#held.set(message.taskId, held);
    this.#ringOf(held).pushBack(held);
    this.#waiting++;
    return true;
  }

  /** Forgets a task, unless a higher attempt of it was published. */
  ack({ taskId, attempt }: Ack): void {
    const known = this.#held.get(taskId);
    if (known !== undefined && known.message.attempt <= attempt) this.#forget(known);
  }

  /** Claims the next message; null if nothing waits. */
  take(worker: string): TaskMessage | null {
    const held = this.#next()?.ring.take() ?? null;
    if (held === null) return null;
    held.worker = worker;
    this.#waiting--;
    return held.message;
  }

  /** Puts a message that `worker` has claimed at the front of its list; does nothing if the claim is not current. */
  putBack(worker: string, { taskId, attempt }: TaskMessage): void {
    const held = this.#held.get(taskId);
    if (held === undefined || held.worker !== worker || held.message.attempt !== attempt) return;
    held.worker = null;
    this.#ringOf(held).pushFront(held);
    this.#waiting++;
  }

  /** What the worker has claimed, in order of publication. */
  claimedBy(worker: string): TaskMessage[] {
    return Array.from(this.#held.values()).flatMap((held) => (held.worker === worker ? [held.message] : []));
  }

  heldAttempt(taskId: string): number | null {
    return this.#held.get(taskId)?.message.attempt ?? null;
  }

  depth(list: Pick<TaskMessage, 'priority'> & { tenant: string }): number {
    return this.#rings[list.priority].depth(list.tenant);
  }

  #forget(held: HeldMessage): void {
    this.#held.delete(held.message.taskId);
    if (held.worker !== null) return;
    this.#ringOf(held).remove(held);
    this.#waiting--;
  }

  #ringOf(held: HeldMessage): TenantRing {
    return this.#rings[held.message.priority];
  }

  /**
   * The choice is by level - (now - readyAt) / ageingMs. Now is the same for all that is compared, so it is left out, and
   * with it every clock but the database's.
   */
  #next(): { ring: TenantRing; rank: number } | null {
    let next: { ring: TenantRing; rank: number } | null = null;
    for (const [level, ring] of this.#rings.entries()) {
      const { oldestReadyAt } = ring;
      if (oldestReadyAt === null) continue;
      const rank = level * this.#ageingMs + oldestReadyAt;
      if (next === null || rank < next.rank) next = { ring, rank };
    }
    return next;
  }
}
