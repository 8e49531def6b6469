import type { Chore, Clock, Housekeeping, OnListenerError } from '@weft/engine/ports';

import { warnOfListenerError } from '@weft/engine/ports';

export type MemoryHousekeepingOptions = {
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** What becomes of an error thrown by the work of a turn (a process warning). */
  onListenerError?: OnListenerError;
};

type Work = (name: string) => Promise<void>;
type KeptChore = Chore & { dueAtMs: number; cancel: (() => void) | null };

/**
 * The turns of a fleet of one process. The clock is used only while somebody works, so nothing keeps the process alive
 * after the last one has left; a turn that came meanwhile is for the next.
 */
export function createMemoryHousekeeping(options: MemoryHousekeepingOptions): Housekeeping {
  return new MemoryHousekeeping(options);
}

class MemoryHousekeeping implements Housekeeping {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #onError: OnListenerError;
  readonly #chores = new Map<string, KeptChore>();
  readonly #workers = new Set<{ work: Work }>();

  constructor({ clock, onListenerError = warnOfListenerError }: MemoryHousekeepingOptions) {
    this.#clock = clock;
    this.#onError = onListenerError;
  }

  async keep(chores: readonly Chore[]): Promise<void> {
    for (const { name, everyMs } of chores) {
      const known = this.#chores.get(name);
      if (known?.everyMs === everyMs) continue;
      known?.cancel?.();
      const kept = { name, everyMs, dueAtMs: this.#clock.monotonicMs(), cancel: null };
      this.#chores.set(name, kept);
      this.#setAlarm(kept);
    }
  }

  onTurn(work: Work): () => void {
    const entry = { work };
    this.#workers.add(entry);
    for (const chore of this.#chores.values()) this.#setAlarm(chore);
    return () => {
      this.#workers.delete(entry);
      for (const chore of this.#chores.values()) this.#setAlarm(chore);
    };
  }

  #setAlarm(chore: KeptChore): void {
    chore.cancel?.();
    const inMs = Math.max(0, chore.dueAtMs - this.#clock.monotonicMs());
    chore.cancel = this.#workers.size === 0 ? null : this.#clock.after(inMs, () => this.#takeTurn(chore));
  }

  #takeTurn(chore: KeptChore): void {
    chore.dueAtMs = this.#clock.monotonicMs() + chore.everyMs;
    this.#setAlarm(chore);
    const [entry] = this.#workers;
    entry?.work(chore.name).catch(this.#onError);
  }
}
