/** Results of cached tasks: equal calls run once at a time, and a success is taken by others until its time is over. */
import type { Outcome } from '@weft/engine/ports';

type Kept = { outcome: Outcome; storedAt: number; ttlMs: number };

export class SharedCalls<Waiting> {
  readonly #kept = new Map<string, Kept>();
  /** Who waits for the one that runs. */
  readonly #flights = new Map<string, Waiting[]>();

  /** The result of an equal call, or `led` if one runs that this one waits for now, or `leads`: it is to run itself. */
  ask(
    key: string,
    { now, ttlMs, waiting }: { now: number; ttlMs: number; waiting: Waiting },
  ): Outcome | 'led' | 'leads' {
    const kept = this.#kept.get(key);
    if (kept && kept.storedAt + Math.min(ttlMs, kept.ttlMs) > now) return kept.outcome;
    const flight = this.#flights.get(key);
    if (flight) {
      flight.push(waiting);
      return 'led';
    }
    this.#flights.set(key, []);
    return 'leads';
  }

  /** The one that ran has ended. Returns who waited for it, and the result that they take; null if there is none. */
  end(
    key: string,
    outcome: Outcome | null,
    { now, ttlMs }: { now: number; ttlMs: number },
  ): { waiting: Waiting[]; result: Outcome | null } {
    const waiting = this.#flights.get(key) ?? [];
    this.#flights.delete(key);
    const result = resultOf(outcome);
    if (result) this.#kept.set(key, { outcome: result, storedAt: now, ttlMs });
    return { waiting, result };
  }

  /** Whoever ran is gone, as is whoever waited; results are kept. */
  forgetFlights(): void {
    this.#flights.clear();
  }
}

/** Failures are nobody else's, and a goto belongs to the run that it was given for. */
function resultOf(outcome: Outcome | null): Outcome | null {
  if (outcome?.kind !== 'succeeded' || outcome.goto !== undefined) return null;
  const { output, stateUpdates } = outcome;
  return { kind: 'succeeded', output, ...(stateUpdates && { stateUpdates }), cached: true };
}
