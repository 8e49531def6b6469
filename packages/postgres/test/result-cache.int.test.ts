import { createTestDatabase } from '@weft/testkit';
import { resultCacheConformance } from '@weft/testkit/conformance/result-cache';
import { Pool } from 'pg';
import { expect, test } from 'vitest';

import { openStore } from '../src/index.ts';
import { openPostgresStores } from './open-stores.ts';

resultCacheConformance('on Postgres', openPostgresStores);

test('housekeeping deletes the results and the leases whose time is over, and no others', async () => {
  const database = await createTestDatabase();
  const store = openStore({ url: database.url, onError: () => undefined });
  const pool = new Pool({ connectionString: database.url, max: 1 });
  try {
    await pool.query(`insert into result_cache (tenant, key, holder, lease_until, output, stored_at, expires_at) values
      ('t', 'expired', null, null, '1', now() - interval '1 hour', now() - interval '2 minutes'),
      ('t', 'just expired', null, null, '1', now() - interval '1 hour', now() - interval '1 second'),
      ('t', 'good', null, null, '1', now() - interval '1 hour', now() + interval '1 hour'),
      ('t', 'left', 'h', now() - interval '1 hour', null, null, null),
      ('t', 'led', 'h', now() + interval '10 seconds', null, null, null),
      ('t', 'led again', 'h', now() + interval '10 seconds', '1', now() - interval '1 hour', now() - interval '1 hour')`);
    await store.dispatch.maintain('expired_results');

    const { rows } = await pool.query<{ key: string }>('select key from result_cache order by key');
    expect(rows.map(({ key }) => key)).toEqual(['good', 'just expired', 'led', 'led again']);
  } finally {
    await store.close();
    await pool.end();
    await database.drop();
  }
});
