/** The database's time, as this process knows it. */

/**
 * Estimates the database's clock from what it last said, so that a submission need not ask for it first. Off by at most a
 * round trip; good enough for the instants that are shown, and for due times counted in whole transactions.
 */
export class DatabaseClock {
  #offsetMs: number | null = null;

  /** Takes note of the database's time, epoch ms, as just received. */
  observe(databaseNow: number): void {
    this.#offsetMs = databaseNow - performance.now();
  }

  /** Epoch ms; null before the database has said anything. */
  now(): number | null {
    return this.#offsetMs === null ? null : performance.now() + this.#offsetMs;
  }
}
