/** What becomes of an error that a listener throws; the other listeners and the sender never see it. */
export type OnListenerError = (error: unknown) => void;

/** Shows the error on stderr as a process warning. */
export const warnOfListenerError: OnListenerError = (error) => {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
};

/** Listeners of one kind of message. The same function may be added twice and then hears twice. */
export class Listeners<T> {
  readonly #onError: OnListenerError;
  readonly #entries = new Set<{ listener: (message: T) => void }>();

  constructor(onError: OnListenerError) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the function that ends the subscription; calling it again does nothing. */
  add(listener: (message: T) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls those who are subscribed now, and still are when their turn comes. */
  notify(message: T): void {
    const subscribed = [...this.#entries];
    for (const entry of subscribed) {
      if (!this.#entries.has(entry)) continue;
      try {
        entry.listener(message);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
