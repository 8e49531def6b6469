/** The ends of runs as the driver hears of them, by pub/sub on every side. */
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 2;
/** Without an end for so long something has been lost; a chain of 10,000 nodes takes its time. */
const SILENCE_MS = 600_000;

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

  /** Resolves when all of them have ended; throws if nothing ends any more. One wait at a time. */
  async of(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!this.#ended.delete(id)) this.#awaited.add(id);
    if (this.#awaited.size === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    let heard = this.#count;
    const watch = setInterval(() => {
      if (heard === this.#count) reject(new Error(`${this.#awaited.size} runs do not end`));
      heard = this.#count;
    }, SILENCE_MS);
    await promise.finally(() => clearInterval(watch));
  }

  /** Resolves when there were so many in all; throws if that takes too long. */
  async reach(count: number): Promise<void> {
    const deadline = performance.now() + SILENCE_MS;
    while (this.#count < count) {
      if (performance.now() > deadline) throw new Error(`only ${this.#count} of ${count} runs have ended`);
      await delay(LOOK_EVERY_MS);
    }
  }
}
