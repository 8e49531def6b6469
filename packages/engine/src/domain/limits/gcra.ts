/**
 * The generic cell rate algorithm: one number for a rate, the theoretical arrival time of the next start. Starts are allowed
 * to be ahead of it by a burst.
 */
import type { Rate } from './limit.ts';

/** How long a start has to wait (0: it may begin), and the arrival time once it has begun. Instants in ms. */
export type Arrival = { waitMs: number; next: number };

/** `expected`: the arrival time as it is; null for a rate that was not used, or was forgotten. */
export function arrive(rate: Rate, expected: number | null, now: number): Arrival {
  const apart = rate.perMs / rate.count;
  const tolerance = apart * (rate.burst - 1);
  // A clock that was set back must not hold anybody up for longer than a burst.
  const latest = now + tolerance + apart;
  const from = Math.min(Math.max(expected ?? now, now), latest);
  // A thousandth of a millisecond is lost where fractions are added up.
  const waitMs = from - tolerance - now;
  return { waitMs: waitMs > 0.001 ? waitMs : 0, next: from + apart };
}

/** All arrive, or none does: how long the slowest of them has to wait, and the times to keep where nobody has to. */
export function arriveTogether(
  rates: readonly (Rate & { expected: number | null })[],
  now: number,
): { waitMs: number; next: number[] } {
  const arrivals = rates.map((rate) => arrive(rate, rate.expected, now));
  const waitMs = Math.max(0, ...arrivals.map((arrival) => arrival.waitMs));
  return { waitMs, next: arrivals.map(({ next }) => next) };
}
