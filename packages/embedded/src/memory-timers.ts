import type { Clock, DueTimer, OnListenerError, Timers } from '@weft/engine/ports';

import { IndexedHeap } from './indexed-heap.ts';
import { Listeners, warnOfListenerError } from '@weft/engine/ports';

export type MemoryTimersOptions = {
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** What becomes of an error thrown by a listener (a process warning). */
  onListenerError?: OnListenerError;
};

type Pending = { readonly timer: DueTimer; readonly id: string; readonly wakeAtMs: number; heapIndex: number };

/**
 * Wake-ups by the timers of this process (rule A12). A timer is known by run, key and kind; asked for with another
 * attempt or due time, it replaces the earlier one. The clock is used only while somebody listens, so nothing keeps the
 * process alive after the last listener has left; what became due until then is told to the next.
 */
export function createMemoryTimers(options: MemoryTimersOptions): Timers {
  return new MemoryTimers(options);
}

class MemoryTimers implements Timers {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #listeners: Listeners<readonly DueTimer[]>;
  readonly #byId = new Map<string, Pending>();
  readonly #byWakeTime = new IndexedHeap<Pending>((pending) => pending.wakeAtMs);
  #cancelAlarm: (() => void) | null = null;

  constructor({ clock, onListenerError }: MemoryTimersOptions) {
    this.#clock = clock;
    this.#listeners = new Listeners(onListenerError ?? warnOfListenerError);
  }

  async schedule(timers: readonly DueTimer[]): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    for (const timer of timers) this.#add(timer, nowMs + Math.max(0, timer.inMs));
    this.#setAlarm();
  }

  onDue(listener: (timers: readonly DueTimer[]) => void): () => void {
    const end = this.#listeners.add(listener);
    this.#setAlarm();
    return () => {
      end();
      this.#setAlarm();
    };
  }

  #add(timer: DueTimer, wakeAtMs: number): void {
    const id = JSON.stringify([timer.runId, timer.key, timer.kind]);
    const known = this.#byId.get(id);
    if (known?.timer.attempt === timer.attempt && known.timer.dueAt === timer.dueAt) return;
    if (known !== undefined) this.#byWakeTime.remove(known);
    const pending = { timer, id, wakeAtMs, heapIndex: -1 };
    this.#byId.set(id, pending);
    this.#byWakeTime.place(pending);
  }

  /** One alarm for the earliest wake-up, none while nobody listens. */
  #setAlarm(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = null;
    const next = this.#byWakeTime.first;
    if (next === null || this.#listeners.size === 0) return;
    this.#cancelAlarm = this.#clock.after(Math.max(0, next.wakeAtMs - this.#clock.monotonicMs()), () => this.#wake());
  }

  #wake(): void {
    const due = this.#takeDue();
    this.#setAlarm();
    if (due.length > 0) this.#listeners.notify(due);
  }

  #takeDue(): DueTimer[] {
    const nowMs = this.#clock.monotonicMs();
    const due: DueTimer[] = [];
    for (let next = this.#byWakeTime.first; next !== null && next.wakeAtMs <= nowMs; next = this.#byWakeTime.first) {
      this.#byWakeTime.remove(next);
      this.#byId.delete(next.id);
      due.push(next.timer);
    }
    return due;
  }
}
