/** The ends of runs as the driver hears of them, by pub/sub on every side. */
export class Endings {
  readonly #ended = new Set<string>();
  readonly #awaited = new Set<string>();
  #resolve = () => {};

  add(id: string): void {
    if (!this.#awaited.delete(id)) this.#ended.add(id);
    else if (this.#awaited.size === 0) this.#resolve();
  }

  /** Resolves when all of them have ended. One wait at a time. */
  async of(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!this.#ended.delete(id)) this.#awaited.add(id);
    if (this.#awaited.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    await promise;
  }
}
