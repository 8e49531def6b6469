import type { Clock, DueTimer } from '@weft/engine/ports';

/** Timers that are due so soon that this process wakes by itself. */
export class NearTimers {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onDue: (timers: readonly DueTimer[]) => void;
  /** By id, with the function that takes back the alarm they share. */
  readonly #pending = new Map<string, () => void>();

  constructor(clock: Pick<Clock, 'after'>, onDue: (timers: readonly DueTimer[]) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** One alarm for those that are due in the same millisecond; one that is known is not added again. */
  add(timers: readonly (readonly [string, DueTimer])[]): void {
    const unknown = timers.filter(([id]) => !this.#pending.has(id));
    for (const [inMs, due] of Map.groupBy(unknown, ([, timer]) => Math.max(0, Math.ceil(timer.inMs)))) {
      const cancel = this.#clock.after(inMs, () => {
        for (const [id] of due) this.#pending.delete(id);
        this.#onDue(due.map(([, timer]) => timer));
      });
      for (const [id] of due) this.#pending.set(id, cancel);
    }
  }

  clear(): void {
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
}
