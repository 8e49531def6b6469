/** Messages from outside to a run, each at most once for a caller's key. */
import type { CallerKey, Mail } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from '../connection.ts';

type Letter = { runId: string; mail: Mail; key: CallerKey | null };

/** False if the key is taken: then nothing was sent. */
export async function sendMail(pool: Pool, { runId, mail, key }: Letter): Promise<boolean> {
  const values = [runId, mail.id, mail.dedupeKey, mail.kind, JSON.stringify(mail.payload)];
  if (key !== null) return await sendKeyed(pool, values, key);
  await query(pool, {
    name: 'send-mail',
    text: `insert into inbox (run_id, id, dedupe_key, kind, payload) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    values,
  });
  return true;
}

/** Key and message are written by one statement: both are there, or neither. */
async function sendKeyed(pool: Pool, values: unknown[], { tenant, key, payloadHash }: CallerKey): Promise<boolean> {
  const [row] = await query<{ sent: boolean }>(pool, {
    name: 'send-keyed-mail',
    text: `with taken as (
        insert into idempotency (tenant, key, payload_hash, run_id, created_at) values ($6, $7, $8, $1, now())
        on conflict (tenant, key) do update
          set payload_hash = excluded.payload_hash, run_id = excluded.run_id, created_at = excluded.created_at
          where idempotency.created_at < now() - interval '7 days'
        returning true as sent
      ), sent as (
        insert into inbox (run_id, id, dedupe_key, kind, payload)
        select $1::uuid, $2::uuid, $3, $4, $5::json from taken on conflict do nothing
      )
      select sent from taken`,
    values: [...values, tenant, key, payloadHash],
  });
  return row !== undefined;
}

export async function dropMail(pool: Pool, runId: string, mailId: string): Promise<void> {
  const text = 'delete from inbox where run_id = $1 and id = $2';
  await query(pool, { name: 'drop-mail', text, values: [runId, mailId] });
}

export async function usedKey(
  pool: Pool,
  tenant: string,
  key: string,
): Promise<{ payloadHash: string; runId: string } | null> {
  const [row] = await query<{ payload_hash: string; run_id: string }>(pool, {
    name: 'used-key',
    text: `select payload_hash, run_id from idempotency
      where tenant = $1 and key = $2 and created_at >= now() - interval '7 days'`,
    values: [tenant, key],
  });
  return row ? { payloadHash: row.payload_hash, runId: row.run_id } : null;
}
