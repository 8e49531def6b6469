/**
 * How far an event stream has been read. What stands at one place may come as several messages (one for each mode), of which
 * the last has the id; a place counts as read only then: a new connection begins behind it, and what was seen of the place
 * after it is left out.
 */
import type { Event } from '@weft/contract';

type Place = { step: number; n: number };

export class StepCursor {
  #place: Place;
  /** How many of each kind have come of the place that is not complete yet. */
  readonly #seen = new Map<string, number>();
  /** How many of each kind the present connection has brought of it. */
  readonly #again = new Map<string, number>();

  /** `after`: the id of what is known. */
  constructor(after: string) {
    const [step = 0, n = 0] = after.split('.').map(Number);
    this.#place = { step, n };
  }

  /** What to send as `Last-Event-ID`. */
  get resumeAfter(): string {
    const { step, n } = this.#place;
    return n === 0 ? String(step) : `${step}.${n}`;
  }

  /** A new connection begins: it repeats what came after `resumeAfter`. */
  reconnected(): void {
    this.#again.clear();
  }

  /** Whether the event is new; notes it. `isLast`: of its place. */
  take(event: Event, isLast: boolean): boolean {
    const at = { step: event.step, n: event.n ?? 0 };
    if (!isBefore(this.#place, at)) return false;
    const kind = `${at.step}.${at.n} ${event.mode} ${event.type}`;
    const count = (this.#again.get(kind) ?? 0) + 1;
    this.#again.set(kind, count);
    const isNew = count > (this.#seen.get(kind) ?? 0);
    if (isNew) this.#seen.set(kind, count);
    if (isLast) this.#complete(at);
    return isNew;
  }

  #complete(at: Place): void {
    this.#place = at;
    this.#seen.clear();
    this.#again.clear();
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.step < other.step || (one.step === other.step && one.n < other.n);
}
