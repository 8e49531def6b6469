/** USD have nine decimal places everywhere: a sum of such numbers is exact in the database, and is made so here. */

const PLACES = 1e9;

/** The nearest amount that can be kept. Exact up to nine million dollars. */
export function roundUsd(usd: number): number {
  return Math.round(usd * PLACES) / PLACES;
}

export function addUsd(a: number, b: number): number {
  return roundUsd(a + b);
}
