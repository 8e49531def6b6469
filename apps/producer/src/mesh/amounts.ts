/** Sums of money and spans of time. */

/** USD have nine decimal places. */
const NANO = 1e9;

/** The sum, as it is counted in decimals. */
export function totalOf(amounts: Iterable<number>): number {
  let nanos = 0;
  for (const amount of amounts) nanos += Math.round(amount * NANO);
  return nanos / NANO;
}

/** ms; null where either end is not known. */
export function durationOf(startedAt: number | null, endedAt: number | null): number | null {
  return startedAt === null || endedAt === null ? null : Math.max(0, Math.round(endedAt - startedAt));
}
