/** The ends of runs as the driver hears of them, by pub/sub on every side. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 2;

export class Endings {
  readonly #ended = new Set<string>();
  readonly #awaited = new Set<string>();
  #resolve = () => {};
  #count = 0;
  /** Takes every end from now on, so that none is kept for `of`. */
  listener: ((id: string) => void) | null = null;

  add(id: string): void {
    this.#count += 1;
    if (this.listener) {
      this.listener(id);
      return;
    }
    if (!this.#awaited.delete(id)) this.#ended.add(id);
    else if (this.#awaited.size === 0) this.#resolve();
  }

  /** How many there were in all. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when all of them have ended. One wait at a time. */
  async of(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!this.#ended.delete(id)) this.#awaited.add(id);
    if (this.#awaited.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    await promise;
  }

  /** Resolves when there were so many in all. */
  async reach(count: number): Promise<void> {
    while (this.#count < count) await delay(LOOK_EVERY_MS);
  }
}
