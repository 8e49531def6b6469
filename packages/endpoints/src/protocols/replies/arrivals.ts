/** Wakes who waits for an answer that this process has just kept. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<() => void>>();

  tell(key: string): void {
    for (const wake of this.#waiting.get(key) ?? []) wake();
  }

  /** Resolves at the next arrival, or never; the signal ends the waiting. */
  async next(key: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(resolve));
    const forget = (): void => {
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    };
    signal.addEventListener('abort', forget, { once: true });
    await promise;
    forget();
  }
}
