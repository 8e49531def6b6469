/** Housekeeping: partitions ahead of time, and what has expired. */
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { makePartitions } from './partitions.ts';

export async function maintain(pool: Pool): Promise<void> {
  await makePartitions(pool);
  await forgetKeys(pool);
  await query(pool, { text: `delete from worker where ended_at < now() - interval '7 days'` });
}

/** Keys are good for seven days. One that a submission is just taking over is left to it. */
async function forgetKeys(pool: Pool): Promise<void> {
  await query(pool, {
    text: `delete from idempotency where (tenant, key) in (
        select tenant, key from idempotency where created_at < now() - interval '8 days' for update skip locked
      )`,
  });
}
