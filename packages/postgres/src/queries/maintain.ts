/** Housekeeping: partitions ahead of time, and what has expired. */
import { STORE_CHORES } from '@weft/engine/ports';
import type { StoreChore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { makePartitions } from './partitions.ts';

const CHORES: Readonly<Record<StoreChore, (pool: Pool) => Promise<void>>> = {
  partitions: makePartitions,
  expired_keys: forgetKeys,
  ended_workers: forgetWorkers,
  expired_results: forgetResults,
};

export async function maintain(pool: Pool, chore: StoreChore): Promise<void> {
  await CHORES[chore](pool);
}

export async function maintainAll(pool: Pool): Promise<void> {
  for (const chore of STORE_CHORES) await maintain(pool, chore);
}

/** Keys are good for seven days. One that a submission is just taking over is left to it. */
async function forgetKeys(pool: Pool): Promise<void> {
  await query(pool, {
    text: `delete from idempotency where (tenant, key) in (
        select tenant, key from idempotency where created_at < now() - interval '8 days' for update skip locked
      )`,
  });
  // A key may have been taken up to the moment when its run was deleted.
  await query(pool, { text: `delete from pruned_run where pruned_at < now() - interval '9 days'` });
}

async function forgetWorkers(pool: Pool): Promise<void> {
  await query(pool, { text: `delete from worker where ended_at < now() - interval '7 days'` });
}

/** Those who wait for a result may take it although its time is over, so it stays a little longer. */
async function forgetResults(pool: Pool): Promise<void> {
  await query(pool, {
    text: `delete from result_cache where (tenant, key) in (
        select tenant, key from result_cache where greatest(expires_at, lease_until) < now() - interval '1 minute'
        for update skip locked
      )`,
  });
}
