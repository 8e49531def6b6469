/** What a worker is running, and whether there is room for more. */
import { isSuspect } from '../../domain/run/settle-task.ts';
import type { TaskMessage } from '../../ports/index.ts';
import type { RunningAttempt } from './running-flush.ts';

/** `isHeld`: the message was claimed from a lane, which holds it until it is acknowledged. */
export type Slot = RunningAttempt & { stop: AbortController; isHeld: boolean };

export class Slots implements Iterable<Slot> {
  readonly #size: number;
  readonly #taken = new Set<Slot>();
  #changed = Promise.withResolvers<void>();

  constructor(size: number) {
    this.#size = size;
  }

  get taken(): number {
    return this.#taken.size;
  }

  get room(): number {
    return this.#size - this.#taken.size;
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#taken.values();
  }

  /** `now` is monotonic. A suspect has to wait for its turn, and is not to be written as running before it. */
  take(message: TaskMessage, { now, isHeld }: { now: number; isHeld: boolean }): Slot {
    const stop = new AbortController();
    const startedAt = isSuspect(message.crashes) ? Number.POSITIVE_INFINITY : now;
    const slot: Slot = { message, startedAt, dueAt: Number.MAX_SAFE_INTEGER, checkedAt: null, stop, isHeld };
    this.#taken.add(slot);
    return slot;
  }

  leave(slot: Slot): void {
    this.#taken.delete(slot);
    this.wake();
  }

  /** Resolves when there is room, or at the next `wake`. */
  async free(): Promise<void> {
    if (this.room <= 0) await this.#changed.promise;
  }

  /** Resolves when no slot is taken. */
  async emptied(): Promise<void> {
    while (this.#taken.size > 0) await this.#changed.promise;
  }

  /** Lets everyone look again who waits for room. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
