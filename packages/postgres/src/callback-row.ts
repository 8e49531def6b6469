/** From rows of `callback` to records, and what stands there of a secret. */
import { AppError } from '@weft/contract';
import type { CallbackEvent } from '@weft/contract';
import type { CallbackRecord } from '@weft/engine/ports';

import type { SealedToken, TokenBox } from './token-box.ts';

export type CallbackRow = {
  id: string;
  tenant: string;
  run_id: string | null;
  url: string;
  description: string | null;
  events: CallbackEvent[] | null;
  active: boolean;
  is_signed: boolean;
  failures: number;
  open_until: number | null;
  problem: string | null;
  pending: number;
  created_at: number;
  updated_at: number;
};

const MOST_COUNTED = 10_000;

export const CALLBACK_COLUMNS = `callback.id, callback.tenant, callback.run_id, callback.url, callback.description, callback.events,
  callback.active, callback.secret_key is not null as is_signed, callback.failures, callback.open_until, callback.problem,
  (select count(*)::int from (
    select from callback_delivery d where d.callback_id = callback.id and d.status = 'pending' limit ${MOST_COUNTED}
  ) as open) as pending, callback.created_at, callback.updated_at`;

export function toCallback(row: CallbackRow): CallbackRecord {
  const { id, tenant, url, description, events, failures, problem, pending } = row;
  return {
    id,
    tenant,
    runId: row.run_id,
    url,
    description,
    events,
    isActive: row.active,
    isSigned: row.is_signed,
    failures,
    openUntil: row.open_until,
    problem,
    pending,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

type Owner = Pick<CallbackRecord, 'id' | 'tenant'>;

/** A secret is bound to its callback. No name of an endpoint holds a colon. */
function boundTo({ id, tenant }: Owner): { tenant: string; name: string } {
  return { tenant, name: `callback:${id}` };
}

export type SecretColumns = [keyId: string | null, nonce: Buffer | null, sealed: Buffer | null];

/** How a secret is stored; null: there is none. Throws AppError `no_encryption_key`. */
export function secretColumns(secret: string | null, owner: Owner, box: TokenBox): SecretColumns {
  if (secret === null) return [null, null, null];
  const sealed = box.seal(secret, boundTo(owner));
  if (sealed !== null) return [sealed.keyId, sealed.nonce, sealed.sealed];
  const message = 'the server has no key to encrypt a secret with: set WEFT_ENCRYPTION_KEY for all processes';
  throw new AppError('no_encryption_key', message, {
    errors: [{ code: 'no_encryption_key', pointer: '/secret', message }],
  });
}

/** Null where its key is not at hand. */
export function openSecret(sealed: SealedToken, owner: Owner, box: TokenBox): string | null {
  return box.open(sealed, boundTo(owner));
}
