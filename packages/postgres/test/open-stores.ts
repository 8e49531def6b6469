import { createTestDatabase } from '@weft/testkit';
import type { KeysUnderTest } from '@weft/testkit/conformance/key-store';
import type { StoresUnderTest } from '@weft/testkit/conformance/opened-stores';
import { Pool } from 'pg';

import { openStore } from '../src/index.ts';

/** Every instant that ages matter of. */
const INSTANTS = {
  api_key: ['created_at', 'expires_at', 'revoked_at'],
  idempotency: ['created_at'],
  inbox: ['created_at'],
  result_cache: ['lease_until', 'stored_at', 'expires_at'],
  task: ['ready_at', 'offered_at', 'started_at', 'deadline'],
  timer: ['due_at'],
  worker: ['beat_at', 'ended_at'],
} as const;

/** The stores on a database of their own, with a connection for what the tests do behind their back. */
export async function openPostgresStores(): Promise<StoresUnderTest & KeysUnderTest> {
  const database = await createTestDatabase();
  const store = openStore({ url: database.url, onError: () => undefined });
  const pool = new Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => undefined);
  return {
    ...store,
    async elapse(ms) {
      for (const [table, columns] of Object.entries(INSTANTS)) {
        const moves = columns.map((column) => `${column} = ${column} - make_interval(secs => $1::float8 / 1000)`);
        await pool.query(`update ${table} set ${moves.join(', ')}`, [ms]);
      }
    },
    async hold(runId) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('select 1 from run where id = $1 for no key update', [runId]);
      await client.query('select 1 from task where run_id = $1 for no key update', [runId]);
      return async () => {
        await client.query('commit');
        client.release();
      };
    },
    async close() {
      await store.close();
      await pool.end();
      await database.drop({ verify: false }); // the suites write what no engine decides
    },
  };
}
