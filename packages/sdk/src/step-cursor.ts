/**
 * How far an event stream has been read. One step may come as several messages (one for each mode), so a step counts as
 * read only when something later has come: a new connection starts there and what was seen already is left out.
 */
import type { Event } from '@weft/contract';

type Position = { step: number; n: number };

export class StepCursor {
  /** The step to resume after. */
  #done: number;
  /** The step whose messages are coming, and how many of each kind it has brought. */
  #open: number;
  readonly #seen = new Map<string, number>();
  /** How many of each kind the present connection has brought of that step. */
  readonly #again = new Map<string, number>();
  #live: Position = { step: 0, n: 0 };

  constructor(after: number) {
    this.#done = after;
    this.#open = after;
  }

  /** What to send as `Last-Event-ID`. */
  get resumeAfter(): number {
    return this.#done;
  }

  /** A new connection begins: it repeats what came after `resumeAfter`, and numbers live events anew. */
  reconnected(): void {
    this.#again.clear();
    this.#live = { step: 0, n: 0 };
  }

  /** Whether the event is new; notes it. */
  take(event: Event): boolean {
    return event.n === undefined ? this.#takeStep(event) : this.#takeLive({ step: event.step, n: event.n });
  }

  #takeStep({ step, mode, type }: Event): boolean {
    if (step <= this.#done || step < this.#open) return false;
    if (step > this.#open) this.#openStep(step);
    const kind = `${mode} ${type}`;
    const count = (this.#again.get(kind) ?? 0) + 1;
    this.#again.set(kind, count);
    if (count <= (this.#seen.get(kind) ?? 0)) return false;
    this.#seen.set(kind, count);
    return true;
  }

  /** What comes between steps stands after all messages of its step. */
  #takeLive(at: Position): boolean {
    const { step, n } = this.#live;
    if (at.step < step || (at.step === step && at.n <= n)) return false;
    this.#live = at;
    return true;
  }

  #openStep(step: number): void {
    this.#done = this.#open;
    this.#open = step;
    this.#seen.clear();
    this.#again.clear();
  }
}
