/** Which tenants have callbacks of their own, as of a moment ago: where none has, a settle writes nothing more than it did. */
import type { Pool } from 'pg';

import { query } from '../connection.ts';

/** Asked for anew by the next settle. */
const FRESH_MS = 1_000;
/** What is older counts for nothing: then every settle that tells something looks for itself. */
const BELIEVED_MS = 3_000;

export class Listeners {
  readonly #pool: Pool;
  #tenants = new Set<string>();
  #readAt = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Keeps what is known fresh, and waits for nothing. */
  look(): void {
    if (!this.#isReading && performance.now() - this.#readAt > FRESH_MS) void this.#read();
  }

  /** False: this tenant had no active callback, at most three seconds ago. */
  mayHear(tenant: string): boolean {
    return performance.now() - this.#readAt > BELIEVED_MS || this.#tenants.has(tenant);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const askedAt = performance.now();
    try {
      const text = 'select distinct tenant from callback where run_id is null and active';
      const rows = await query<{ tenant: string }>(this.#pool, { name: 'listening-tenants', text });
      this.#tenants = new Set(rows.map(({ tenant }) => tenant));
      this.#readAt = askedAt;
    } catch {
      // What is known grows old, and counts for nothing then.
    } finally {
      this.#isReading = false;
    }
  }
}
