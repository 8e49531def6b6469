/** USD have nine decimal places everywhere, so that the sums of the database are exact. */

const PLACES = 1e9;

/** The nearest amount that can be kept. Exact up to nine million dollars. */
export function roundUsd(usd: number): number {
  return Math.round(usd * PLACES) / PLACES;
}
