import { IdempotencyKey } from '@weft/contract';
import { contentHash } from '@weft/engine/domain';
import type { FastifyRequest } from 'fastify';

import { invalidValue } from './request-problems.ts';

/** The caller's key with the hash of what it sent; null without the header. Throws AppError `invalid_request`. */
export function idempotencyOf(request: FastifyRequest): { key: string; payloadHash: string } | null {
  const key = idempotencyKeyOf(request);
  if (key === null) return null;
  const body = request.parsedBody?.ok ? request.parsedBody.value : null;
  return { key, payloadHash: contentHash(body) };
}

/** The same for a request that acts on a run: another action, or another run, is another request. */
export function actionKeyOf(
  request: FastifyRequest,
  { action, runId }: { action: string; runId: string },
): { key: string; payloadHash: string } | null {
  const sent = idempotencyOf(request);
  return sent && { key: sent.key, payloadHash: contentHash({ action, runId, sent: sent.payloadHash }) };
}

/** The header by itself. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | null {
  const header = headers['idempotency-key'];
  return header === undefined ? null : checkedKey(header, '/headers/idempotency-key');
}

/** The key, if it is one that may be stored and compared as it is. */
export function checkedKey(text: unknown, pointer: string): string {
  const key = IdempotencyKey.safeParse(text);
  if (key.success && /^[\x20-\x7e]+$/.test(key.data)) return key.data;
  throw invalidValue(pointer, 'an idempotency key has 1 to 255 visible ASCII characters');
}
