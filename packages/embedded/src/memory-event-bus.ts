import type { EventBus, OnListenerError, RunNotice } from '@weft/engine/ports';

import { Listeners, warnOfListenerError } from '@weft/engine/ports';

export type MemoryEventBusOptions = {
  /** What becomes of an error thrown by a listener (a process warning). */
  onListenerError?: OnListenerError;
};

type Listener = (notice: RunNotice) => void;

/**
 * Fan-out within one process. Listeners are called after the publisher's turn, in order of publication, so that a
 * listener that publishes cannot make others hear things in another order.
 */
export function createMemoryEventBus(options: MemoryEventBusOptions = {}): EventBus {
  return new MemoryEventBus(options.onListenerError ?? warnOfListenerError);
}

class MemoryEventBus implements EventBus {
  readonly #onError: OnListenerError;
  /** By run; null holds those who hear all. */
  readonly #byRun = new Map<string | null, Listeners<RunNotice>>();
  #queue: RunNotice[] = [];

  constructor(onError: OnListenerError) {
    this.#onError = onError;
  }

  publish(notices: readonly RunNotice[]): void {
    if (this.#byRun.size === 0 || notices.length === 0) return;
    if (this.#queue.length === 0) queueMicrotask(() => this.#deliver());
    for (const notice of notices) this.#queue.push(notice);
  }

  subscribe(runId: string | null, listener: Listener): () => void {
    const listeners = this.#byRun.get(runId) ?? new Listeners<RunNotice>(this.#onError);
    this.#byRun.set(runId, listeners);
    const end = listeners.add(listener);
    return () => {
      end();
      if (listeners.size === 0 && this.#byRun.get(runId) === listeners) this.#byRun.delete(runId);
    };
  }

  #deliver(): void {
    const notices = this.#queue;
    this.#queue = [];
    for (const notice of notices) {
      this.#byRun.get(notice.runId)?.notify(notice);
      this.#byRun.get(null)?.notify(notice);
    }
  }
}
