/** What the attempts of a run have spent. */
import type { UsageRecord } from '@weft/engine/domain';
import type { Pool } from 'pg';

import { query } from '../connection.ts';
import { toUsage } from './read-values.ts';
import type { UsageRow } from './read-values.ts';

type SpentRow = UsageRow & Omit<UsageRecord, 'usage'>;

export async function readSpent(pool: Pool, runId: string): Promise<UsageRecord[]> {
  const rows = await query<SpentRow>(pool, {
    name: 'read-spent',
    text: 'select key, epoch, attempt, input_tokens, output_tokens, usd from usage where run_id = $1',
    values: [runId],
  });
  return rows.map(({ key, epoch, attempt, ...row }) => ({ key, epoch, attempt, usage: toUsage(row) }));
}
