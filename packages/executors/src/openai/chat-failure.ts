import type { JsonObject } from '@weft/contract';
import { z } from 'zod';

import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { parseJson } from './parse-json.ts';

/** Errors that no repeat cures, by `code` or `type`, whatever the status says: an empty account is a 429, too. */
const FINAL = new Set(['insufficient_quota', 'invalid_request_error', 'context_length_exceeded', 'content_filter'])
  .add('invalid_api_key')
  .add('authentication_error')
  .add('permission_error')
  .add('not_found_error');

const name = z.union([z.string(), z.number()]).nullish().catch(null);

const errorBody = z.object({
  error: z.union([
    z.string().transform((message) => ({ message, code: null, type: null })),
    z.object({ message: z.string().nullish().catch(null), code: name, type: name }),
  ]),
});

type ServerError = z.output<typeof errorBody>['error'];

/** What the server says went wrong, if an answer or a chunk says so. It counts more than anything beside it. */
export function serverError(value: unknown): ServerError | undefined {
  const parsed = errorBody.safeParse(value);
  return parsed.success ? parsed.data.error : undefined;
}

/** An error that came in the place of an answer, or in its middle: `model_error`, retryable unless it says otherwise. */
export function modelFailure(error: ServerError): Failure {
  return failure('model_error', `The model's server reports: ${messageOf(error.message || 'an error')}`, {
    retryable: !isFinal(error),
    details: { code: error.code ?? null, type: error.type ?? null },
  });
}

/** A refused request with the server's own words, if its body has them. */
export function withServerMessage(refused: Failure): Failure {
  const body = refused.error.details?.['body'];
  // It may be a page of a proxy, or only the beginning of a long body.
  const error = typeof body === 'string' ? serverError(parseJson(body)) : undefined;
  if (error === undefined) return refused;
  const { retryAfterMs: pause, ...rest } = refused;
  const retryable = refused.error.retryable && !isNamedFinal(error);
  const message = error.message ? `${refused.error.message}: ${messageOf(error.message)}` : refused.error.message;
  const keepsPause = retryable && pause !== undefined;
  return { ...rest, error: { ...refused.error, message, retryable }, ...(keepsPause ? { retryAfterMs: pause } : {}) };
}

/** An answer of which the end is missing: `stream_cut`, retryable. */
export function streamCut(reason: string, details: JsonObject): Failure {
  return failure('stream_cut', `The answer broke off: ${reason}`, { retryable: true, details });
}

function isFinal({ code, type }: Pick<ServerError, 'code' | 'type'>): boolean {
  if (typeof code === 'number') return code >= 400 && code < 500 && code !== 408 && code !== 429;
  return isNamedFinal({ code, type });
}

function isNamedFinal({ code, type }: Pick<ServerError, 'code' | 'type'>): boolean {
  return FINAL.has(String(code)) || FINAL.has(String(type));
}
