import type { JsonObject } from '@weft/contract';
import type { HttpRequest } from '@weft/executors/http/request';
import { buildRequest } from '@weft/executors/http/request';

import type { CallTarget, ProtocolCall } from '../../protocol.ts';
import type { Failed } from '../result.ts';
import { failed } from '../result.ts';

/** What a header can carry. */
const TOKEN = /^[!-~]+$/;

type Credentials = { kind: 'headers'; headers: Readonly<Record<string, string>> };

/**
 * The header with the token of an endpoint: `Authorization: Bearer`, or the one that the option `tokenHeader` names, which
 * holds the token alone.
 */
export function credentials({ name, token, options }: CallTarget): Credentials | Failed {
  if (token === null) return { kind: 'headers', headers: {} };
  if (!TOKEN.test(token)) {
    return failed('bad_endpoint_token', `The token of the endpoint ${name} has characters that no header can carry`, {
      isFault: true,
    });
  }
  const header = options['tokenHeader'];
  const headers = typeof header === 'string' ? { [header]: token } : { authorization: `Bearer ${token}` };
  return { kind: 'headers', headers };
}

/** A POST of JSON; the key goes along, so that a repeat is known. */
export function jsonRequest(call: ProtocolCall, headers: Credentials['headers'], json: JsonObject): HttpRequest {
  const { target, idempotencyKey, maxBytes } = call;
  const accept = { accept: 'application/json', ...headers };
  const fixed = { method: 'POST', query: {}, followRedirects: false } as const;
  return buildRequest({ ...fixed, url: target.url, headers: accept, json, maxBytes }, idempotencyKey);
}
