/** From rows of `endpoint` to records, and back. */
import type { EndpointRecord, EndpointToken } from '@weft/engine/ports';
import { AppError } from '@weft/contract';

import type { TokenBox } from './token-box.ts';

export type EndpointRow = {
  tenant: string;
  name: string;
  definition: Definition;
  token_secret: string | null;
  token_key: string | null;
  token_nonce: Buffer | null;
  token_sealed: Buffer | null;
  source: 'api' | 'file';
  is_draining: boolean;
  is_healthy: boolean | null;
  problem: string | null;
  failed_probes: number;
  created_at: number;
  updated_at: number;
};

/** What has no column of its own. */
type Definition = Pick<
  EndpointRecord,
  'protocol' | 'url' | 'model' | 'tags' | 'specialties' | 'maxConcurrent' | 'price' | 'limits' | 'health' | 'options'
>;

export const ENDPOINT_COLUMNS = `tenant, name, definition, token_secret, token_key, token_nonce, token_sealed, source, is_draining,
  is_healthy, problem, failed_probes, created_at, updated_at`;

/** The token columns; in the order of `endpointValues`. */
export type TokenColumns = [secret: string | null, keyId: string | null, nonce: Buffer | null, sealed: Buffer | null];

export function toEndpoint(row: EndpointRow, box: TokenBox): EndpointRecord {
  const { tenant, name, definition, source, problem } = row;
  return {
    tenant,
    name,
    ...definition,
    token: tokenOf(row, box),
    isDraining: row.is_draining,
    isHealthy: row.is_healthy,
    problem,
    source,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function tokenOf(row: EndpointRow, box: TokenBox): EndpointToken | null {
  const { tenant, name, token_secret: secret, token_key: keyId, token_nonce: nonce, token_sealed: sealed } = row;
  if (secret !== null) return { kind: 'secret', name: secret };
  if (keyId === null || nonce === null || sealed === null) return null;
  const value = box.open({ keyId, nonce, sealed }, { tenant, name });
  return value === null ? { kind: 'sealed', keyId } : { kind: 'value', value };
}

export function definitionOf(record: EndpointRecord): Definition {
  const { protocol, url, model, tags, specialties, maxConcurrent, price, limits, health, options } = record;
  return { protocol, url, model, tags, specialties, maxConcurrent, price, limits, health, options };
}

/** How a token is stored. A sealed one has no columns to write. Throws AppError `no_encryption_key`. */
export function tokenColumns({ token, tenant, name }: EndpointRecord, box: TokenBox): TokenColumns {
  if (token === null || token.kind === 'sealed') return [null, null, null, null];
  if (token.kind === 'secret') return [token.name, null, null, null];
  const sealed = box.seal(token.value, { tenant, name });
  if (sealed !== null) return [null, sealed.keyId, sealed.nonce, sealed.sealed];
  const message =
    'the server has no key to encrypt a token with: set WEFT_ENCRYPTION_KEY for all processes, or name a secret of the workers by { "secret": NAME }';
  const errors = [{ code: 'no_encryption_key', pointer: '/token', message }];
  throw new AppError('no_encryption_key', message, { errors });
}
