import type { Clock } from '../../ports/index.ts';

/** Lets one waiter sleep until something happens. A ring while nobody waits ends the next wait at once. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Returns after a ring (true), after `ms`, or when `signal` aborts. */
  async wait(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#rung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(ms, resolve);
      this.#wake = resolve;
      signal.addEventListener('abort', this.#onAbort);
      await promise;
      signal.removeEventListener('abort', this.#onAbort);
      this.#wake = null;
      cancel();
    }
    const rang = this.#rung;
    this.#rung = false;
    return rang;
  }

  readonly #onAbort = (): void => this.#wake?.();
}
