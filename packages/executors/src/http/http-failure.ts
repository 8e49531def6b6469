import type { Json, JsonObject } from '@weft/contract';

import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { readExcerpt } from './read-body.ts';
import type { HttpRequest } from './request.ts';
import { retryAfterMs } from './retry-after.ts';

/** An answer whose status is no success: `http_status`, retryable for 408, 429 and 5xx, with the beginning of its body. */
export async function statusFailure(request: HttpRequest, response: Response): Promise<Failure> {
  const { status, headers } = response;
  const retryable = status >= 500 || status === 429 || status === 408;
  const body = await readExcerpt(response);
  return failure('http_status', `${describedRequest(request)} answered ${status}`, {
    retryable,
    details: { status, body },
    retryAfterMs: retryable ? retryAfterMs(headers, Date.now()) : undefined,
  });
}

/** What has a system or client error code lies in the network and may pass; what has none is a request that cannot be sent, and `address_refused` one that may not. */
export function networkFailure(request: HttpRequest, error: unknown): Failure {
  const { message, code } = networkCause(error);
  if (code === 'address_refused') return failure(code, `${describedRequest(request)} was not sent: ${message}`);
  return failure('network_error', `${describedRequest(request)} got no answer: ${message}`, {
    retryable: code !== null,
    details: { cause: code },
  });
}

/** Why a request or the reading of its response broke off: `fetch` hides it in the `cause` of what it throws. */
export function networkCause(error: unknown): { message: string; code: Json } {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return { message: messageOf(cause) || String(code), code };
}

/** More bytes than were allowed: `response_too_large`, not retryable. */
export function tooLarge(maxBytes: number, details: JsonObject = {}): Failure {
  return failure('response_too_large', `The response has more than ${maxBytes} bytes`, {
    details: { ...details, maxBytes },
  });
}

/** Method and address, without the query, where credentials are often put. */
export function describedRequest({ method, url }: HttpRequest): string {
  return `${method} ${url.origin}${url.pathname}`;
}
