import { DANGEROUS_KEYS, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import type { Failure } from '../failure.ts';
import { aborted, failure, messageOf } from '../failure.ts';
import { followRedirects } from '../http/follow-redirects.ts';
import { networkFailure, statusFailure, tooLarge } from '../http/http-failure.ts';
import { decodeBody, readBytes } from '../http/read-body.ts';
import type { HttpInput } from '../http/request.ts';
import { buildRequest, httpInput } from '../http/request.ts';

const output = z.strictObject({
  status: z.int(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: JsonValue,
  bodyEncoding: z.enum(['json', 'text', 'base64']),
});

type HttpOutput = z.infer<typeof output>;

export default defineExecutor({
  type: 'http',
  description: 'Sends one HTTP request and returns its status, headers and body.',
  input: httpInput,
  output,
  example: { url: 'http://127.0.0.1:8080/tickets', method: 'POST', json: { title: 'It broke' } },
  async run({ input, signal, idempotencyKey, heartbeat }) {
    const request = buildRequest(input, idempotencyKey);
    try {
      const response = await followRedirects(request, { follow: input.followRedirects, signal });
      if (!(response instanceof Response)) return response;
      heartbeat();
      if (response.status >= 400) return await statusFailure(request, response);
      return await read(response, input, heartbeat);
    } catch (error) {
      return signal.aborted ? aborted(signal) : networkFailure(request, error);
    }
  },
});

async function read(
  response: Response,
  input: HttpInput,
  onChunk: () => void,
): Promise<{ kind: 'succeeded'; output: HttpOutput } | Failure> {
  const bytes = await readBytes(response, input.maxBytes, onChunk);
  if (bytes === undefined) return tooLarge(input.maxBytes, { status: response.status });
  const { status } = response;
  const headers = plainHeaders(response.headers);
  if (bytes.length === 0 && (status === 204 || status === 304 || input.method === 'HEAD')) {
    return { kind: 'succeeded', output: { status, headers, body: null, bodyEncoding: 'json' } };
  }
  try {
    const decoded = decodeBody(response.headers.get('content-type'), bytes);
    return { kind: 'succeeded', output: { status, headers, ...decoded } };
  } catch (error) {
    return failure('invalid_json', `The response is not JSON: ${messageOf(error)}`, { details: { status } });
  }
}

/** Cookies come as a list, since they cannot be joined; the three names that reach into prototypes are left out. */
function plainHeaders(headers: Headers): HttpOutput['headers'] {
  const kept = [...headers].filter(([name]) => !DANGEROUS_KEYS.has(name));
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(kept), ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }) };
}
