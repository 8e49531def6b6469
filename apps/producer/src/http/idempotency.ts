import { IdempotencyKey } from '@weft/contract';
import { contentHash } from '@weft/engine/domain';
import type { FastifyRequest } from 'fastify';

import { invalidValue } from './request-problems.ts';

/** The caller's key with the hash of what it sent; null without the header. Throws AppError `invalid_request`. */
export function idempotencyOf(request: FastifyRequest): { key: string; payloadHash: string } | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const key = IdempotencyKey.safeParse(header);
  if (!key.success || !/^[\x20-\x7e]+$/.test(key.data)) {
    throw invalidValue('/headers/idempotency-key', 'the Idempotency-Key has 1 to 255 visible ASCII characters');
  }
  const body = request.parsedBody?.ok ? request.parsedBody.value : null;
  return { key: key.data, payloadHash: contentHash(body) };
}
