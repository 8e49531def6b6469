/** The database's time, as this process knows it. */

/** In SQL: the database's time, whole epoch ms. */
export const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::float8';

/** Clocks drift, and a machine that was suspended may not have counted the time. */
const TRUSTED_MS = 30_000;

/**
 * Estimates the database's clock from what it last said, so that a submission need not ask for it first. Off by at most a
 * round trip; good enough for the instants that are shown, and for due times counted in whole transactions.
 */
export class DatabaseClock {
  #offsetMs = 0;
  #observedAt = Number.NEGATIVE_INFINITY;

  /** Takes note of the database's time, epoch ms, as just received. */
  observe(databaseNow: number): void {
    this.#observedAt = performance.now();
    this.#offsetMs = databaseNow - this.#observedAt;
  }

  /** Whole epoch ms; null if the database has not been heard of lately. */
  now(): number | null {
    const now = performance.now();
    return now - this.#observedAt > TRUSTED_MS ? null : Math.floor(now + this.#offsetMs);
  }
}
