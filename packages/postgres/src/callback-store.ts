/** Who is told about runs: the CallbackStore port on Postgres. */
import type { CallbackRecord, CallbackStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { CALLBACK_COLUMNS, openSecret, secretColumns, toCallback } from './callback-row.ts';
import type { CallbackRow } from './callback-row.ts';
import { query } from './connection.ts';
import { NO_SECRET_KEYS } from './secret-keys.ts';
import type { SecretKeys } from './secret-keys.ts';
import { TokenBox } from './token-box.ts';

const OF = 'tenant = $1 and id = $2';

export function createCallbackStore(pool: Pool, keys: SecretKeys = NO_SECRET_KEYS): CallbackStore {
  const box = new TokenBox(keys);
  const one = async (text: string, values: unknown[]): Promise<CallbackRecord | null> => {
    const [row] = await query<CallbackRow>(pool, { text, values });
    return row ? toCallback(row) : null;
  };
  return {
    canSeal: box.keyId !== null,
    async list(tenant, { runId, limit, beforeId }) {
      const rows = await query<CallbackRow>(pool, {
        text: `select ${CALLBACK_COLUMNS} from callback where tenant = $1 and ($2::uuid is null or id < $2)
          and run_id ${runId === null ? 'is null' : '= $4'} order by id desc limit $3`,
        values: [tenant, beforeId, limit, ...(runId === null ? [] : [runId])],
      });
      return rows.map(toCallback);
    },
    get: (tenant, id) => one(`select ${CALLBACK_COLUMNS} from callback where ${OF}`, [tenant, id]),
    async add({ id, tenant, url, description, events, isActive, secret }) {
      const added = await one(
        `insert into callback (id, tenant, url, description, events, active, secret_key, secret_nonce, secret_sealed)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${CALLBACK_COLUMNS}`,
        [id, tenant, url, description, events, isActive, ...secretColumns(secret, { id, tenant }, box)],
      );
      if (!added) throw new Error('the callback was not stored');
      return added;
    },
    change: (tenant, id, { url, description, events, isActive }) =>
      one(CHANGE, [tenant, id, url, description !== undefined, description, events !== undefined, events, isActive]),
    rotate: (tenant, id, secret, keepOldMs) =>
      one(ROTATE, [tenant, id, ...secretColumns(secret, { id, tenant }, box), keepOldMs]),
    async remove(tenant, id) {
      const rows = await query(pool, {
        text: `with gone as (delete from callback where ${OF} returning id), dropped as (
            update callback_delivery d set status = 'dropped', ended_at = now(), queued_until = null
              from gone where d.callback_id = gone.id and d.status = 'pending'
          ) select id from gone`,
        values: [tenant, id],
      });
      return rows.length > 0;
    },
    reseal: () => reseal(pool, box),
  };
}

const CHANGE = `update callback set url = coalesce($3, url), description = case when $4 then $5 else description end,
    events = case when $6 then $7::text[] else events end, active = coalesce($8, active),
    problem = case when $8 then null else problem end, failures = case when $8 then 0 else failures end,
    open_until = case when $8 then null else open_until end, updated_at = now()
  where ${OF} returning ${CALLBACK_COLUMNS}`;

/** The former secret is kept as it was encrypted. */
const ROTATE = `update callback set secret_key = $3, secret_nonce = $4, secret_sealed = $5, old_key = secret_key,
    old_nonce = secret_nonce, old_sealed = secret_sealed, old_until = now() + make_interval(secs => $6::float8 / 1000),
    updated_at = now()
  where ${OF} returning ${CALLBACK_COLUMNS}`;

type SealedRow = { id: string; tenant: string; key: string; nonce: Buffer; sealed: Buffer };

/** One after the other: whoever changes one meanwhile has encrypted it anew. */
async function reseal(pool: Pool, box: TokenBox): Promise<number> {
  if (box.keyId === null) return 0;
  let resealed = 0;
  for (const kind of ['secret', 'old']) {
    const rows = await query<SealedRow>(pool, {
      text: `select id, tenant, ${kind}_key as key, ${kind}_nonce as nonce, ${kind}_sealed as sealed from callback
        where ${kind}_key = any($1) and ${kind}_key <> $2`,
      values: [box.keyIds, box.keyId],
    });
    for (const { key, nonce, sealed, ...owner } of rows) {
      const secret = openSecret({ keyId: key, nonce, sealed }, owner, box);
      if (secret === null) continue;
      const changed = await query(pool, {
        text: `update callback set ${kind}_key = $3, ${kind}_nonce = $4, ${kind}_sealed = $5
          where id = $1 and ${kind}_nonce = $2 returning 1`,
        values: [owner.id, nonce, ...secretColumns(secret, owner, box)],
      });
      resealed += changed.length;
    }
  }
  return resealed;
}
