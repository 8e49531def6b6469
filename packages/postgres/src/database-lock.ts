/**
 * Who may use a database. The stack that keeps its lanes in memory must be alone on it: its start declares every other
 * worker ended. Processes that share their lanes may be many. The lock is the session's, so it is gone with the process.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { Client } from 'pg';

export type DatabaseLock = { release(): Promise<void> };

/** Thrown where others use the database in a way that excludes this one. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
  readonly code = 'database_in_use';
}

const LOCK = 7_283_112;
/** A server that has fallen silent does not say goodbye; the lock is gone with the process. */
const RELEASE_MS = 1000;

/** Takes the database alone (`exclusive`) or together with others (`shared`). Throws DatabaseInUse. */
export async function lockDatabase(url: string, mode: 'exclusive' | 'shared'): Promise<DatabaseLock> {
  const client = new Client({ connectionString: url, keepAlive: true, application_name: 'weft lock' });
  // A lock that is lost with its connection is not taken again: it keeps starts apart, the fence keeps outcomes apart.
  client.on('error', () => undefined);
  await client.connect();
  const call = mode === 'exclusive' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  const { rows } = await client.query<{ taken: boolean }>(`select ${call}(${LOCK}) as taken`);
  if (rows[0]?.taken)
    return { release: () => Promise.race([client.end(), pause(RELEASE_MS, undefined, { ref: false })]) };
  await client.end();
  const others =
    mode === 'exclusive' ? 'another Weft uses this database' : 'a Weft with its lanes in memory uses this database';
  throw new DatabaseInUse(`${others}: stop it, or choose another DATABASE_URL`);
}
