/** Requests that can be ended together: listening to one signal for each of them would cost more than they do. */
export class Requests {
  readonly #open = new Set<AbortController>();
  readonly #interrupt: AbortSignal;
  readonly #timeoutMs: number;

  /** Each ends after `timeoutMs` at the latest, and all when `interrupt` aborts. */
  constructor(interrupt: AbortSignal, timeoutMs: number) {
    this.#interrupt = interrupt;
    this.#timeoutMs = timeoutMs;
    interrupt.addEventListener('abort', () => {
      for (const controller of this.#open) controller.abort(interrupt.reason);
    });
  }

  async run<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#interrupt.throwIfAborted();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new DOMException('no answer', 'TimeoutError')), this.#timeoutMs);
    this.#open.add(controller);
    try {
      return await send(controller.signal);
    } finally {
      clearTimeout(timer);
      this.#open.delete(controller);
    }
  }
}
