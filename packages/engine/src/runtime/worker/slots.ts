/** What a worker is running, and whether there is room for more. */
import type { Load } from '../../domain/load/load-law.ts';
import { isSuspect } from '../../domain/run/release-task.ts';
import type { TaskMessage } from '../../ports/index.ts';
import type { RunningAttempt } from './running-flush.ts';

export type Slot = RunningAttempt & {
  stop: AbortController;
  /** The message was claimed from a lane, which holds it until it is acknowledged. */
  isHeld: boolean;
  /** What it takes of the process, once it has begun. */
  load: Load | null;
  /** Whether it must not be begun twice on purpose. */
  isOnce: boolean;
};

/**
 * A slot is free again when its attempt is over, so that others run while outcomes are committed; but only so many
 * outcomes may wait for that, for each slot, before a slow store holds the worker back.
 */
const OUTCOMES_PER_SLOT = 2;

export class Slots implements Iterable<Slot> {
  readonly #size: number;
  readonly #taken = new Set<Slot>();
  #over = 0;
  #changed = Promise.withResolvers<void>();

  constructor(size: number) {
    this.#size = size;
  }

  get taken(): number {
    return this.#taken.size;
  }

  get room(): number {
    const running = this.#taken.size - this.#over;
    return Math.min(this.#size - running, this.#size * OUTCOMES_PER_SLOT - this.#over);
  }

  [Symbol.iterator](): Iterator<Slot> {
    return this.#taken.values();
  }

  /** `now` is monotonic. A suspect has to wait for its turn, and is not to be written as running before it. */
  take(message: TaskMessage, { now, isHeld }: { now: number; isHeld: boolean }): Slot {
    const stop = new AbortController();
    const startedAt = isSuspect(message.crashes) ? Number.POSITIVE_INFINITY : now;
    const slot: Slot = {
      message,
      startedAt,
      dueAt: Number.MAX_SAFE_INTEGER,
      checkedAt: null,
      stop,
      isHeld,
      isOver: false,
      load: null,
      isOnce: false,
    };
    this.#taken.add(slot);
    return slot;
  }

  /** Says that the attempt is over. */
  end(slot: Slot): void {
    if (slot.isOver) return;
    slot.isOver = true;
    this.#over += 1;
    this.wake();
  }

  leave(slot: Slot): void {
    this.#taken.delete(slot);
    if (slot.isOver) this.#over -= 1;
    this.wake();
  }

  /** Resolves at the next change, or `wake`. */
  changed(): Promise<void> {
    return this.#changed.promise;
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
