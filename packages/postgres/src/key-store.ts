/** API keys: the KeyStore port on Postgres. */
import type { KeyPage, KeyRecord, KeyStore, NewKey } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

type KeyRow = Pick<KeyRecord, 'id' | 'tenant' | 'name' | 'role' | 'digest'> & {
  created_at: number;
  last_used_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  is_live: boolean;
};

const COLUMNS = `id, tenant, name, role, digest, created_at, last_used_at, expires_at, revoked_at,
  revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) as is_live`;

export function createKeyStore(pool: Pool): KeyStore {
  return {
    add: (key) => add(pool, key),
    async find(ids) {
      const text = `select ${COLUMNS} from api_key where id = any($1::uuid[])`;
      return (await query<KeyRow>(pool, { name: 'find-keys', text, values: [ids] })).map(toKey);
    },
    list: (page) => list(pool, page),
    async revoke({ id, tenant }) {
      const [row] = await query<KeyRow>(pool, {
        text: `update api_key set revoked_at = coalesce(revoked_at, now())
          where id = $1 and ($2::text is null or tenant = $2) returning ${COLUMNS}`,
        values: [id, tenant],
      });
      return row ? toKey(row) : null;
    },
    // Nothing depends on it, so it need not reach the disk.
    async touch(ids) {
      await query(pool, {
        name: 'touch-keys',
        text: `with lazily as (select set_config('synchronous_commit', 'off', true))
          update api_key set last_used_at = now() from lazily where id = any($1::uuid[])`,
        values: [ids],
      });
    },
    async hasAny() {
      const text = 'select exists (select 1 from api_key) as found';
      const [row] = await query<{ found: boolean }>(pool, { name: 'has-keys', text });
      return row?.found ?? false;
    },
  };
}

async function add(pool: Pool, { id, tenant, name, role, digest, expiresInMs }: NewKey): Promise<KeyRecord> {
  const [row] = await query<KeyRow>(pool, {
    text: `insert into api_key (id, tenant, name, role, digest, expires_at)
      values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6::float8 / 1000)) returning ${COLUMNS}`,
    values: [id, tenant, name, role, digest, expiresInMs],
  });
  if (!row) throw new Error('the key was not stored');
  return toKey(row);
}

async function list(pool: Pool, { tenant, limit, beforeId }: KeyPage): Promise<KeyRecord[]> {
  const older = '($1::uuid is null or id < $1)';
  const of = tenant === null ? { where: older, values: [] } : { where: `tenant = $3 and ${older}`, values: [tenant] };
  const text = `select ${COLUMNS} from api_key where ${of.where} order by id desc limit $2`;
  return (await query<KeyRow>(pool, { text, values: [beforeId, limit, ...of.values] })).map(toKey);
}

function toKey({ created_at, last_used_at, expires_at, revoked_at, is_live, ...rest }: KeyRow): KeyRecord {
  const instants = { createdAt: created_at, lastUsedAt: last_used_at, expiresAt: expires_at, revokedAt: revoked_at };
  return { ...rest, ...instants, isLive: is_live };
}
