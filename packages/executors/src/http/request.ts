import { JsonValue } from '@weft/contract';
import { z } from 'zod';

const MIB = 1_048_576;

/** What a response may hold at most, whatever `maxBytes` says. */
export const MAX_RESPONSE_BYTES = 10 * MIB;

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Methods that change nothing outside, so that a repeat needs no key. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Headers that frame the message or name its hop: the client sets them, else one request could be read as two. */
const RESERVED = new Set(['connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'upgrade'])
  .add('transfer-encoding')
  .add('proxy-connection');

// A line break or NUL in a header would start a header of its own; beyond Latin-1 nothing can be sent.
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

const scalar = z.union([z.string(), z.number(), z.boolean()], 'expected a string, a number or a boolean');

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'not a header name')
  .refine((name) => !RESERVED.has(name.toLowerCase()), 'this header is set by the client');

const headerValue = scalar.refine((value) => HEADER_VALUE.test(String(value)), 'line breaks and such cannot be sent');

/** The input of the `http` executor. */
export const httpInput = z
  .strictObject({
    url: z.string().superRefine(checkUrl),
    method: z.enum(METHODS).default('GET'),
    headers: z.record(headerName, headerValue).default({}),
    query: z.record(z.string(), z.union([scalar, z.null(), z.array(scalar)])).default({}),
    body: z.string().optional(),
    json: JsonValue.optional(),
    maxBytes: z.int().min(1).max(MAX_RESPONSE_BYTES).default(MIB),
    followRedirects: z.boolean().default(true),
  })
  .superRefine((input, context) => {
    const sent = (['body', 'json'] as const).filter((key) => input[key] !== undefined);
    const bodiless = input.method === 'GET' || input.method === 'HEAD';
    for (const key of sent) {
      if (bodiless) context.addIssue({ code: 'custom', path: [key], message: `${input.method} sends no body` });
    }
    if (sent.length > 1) context.addIssue({ code: 'custom', path: ['json'], message: 'either body or json, not both' });
  });

export type HttpInput = z.output<typeof httpInput>;

/** One request as it goes out. */
export type HttpRequest = { url: URL; method: string; headers: Headers; body: string | undefined };

/** Puts query, headers and body together; a request that may change something carries the key, so that a repeat is known. */
export function buildRequest(input: HttpInput, idempotencyKey: string): HttpRequest {
  const headers = new Headers(Object.entries(input.headers).map(([name, value]) => [name, String(value)]));
  const body = input.json === undefined ? input.body : JSON.stringify(input.json);
  setDefault(headers, 'user-agent', 'weft');
  if (input.json !== undefined) setDefault(headers, 'content-type', 'application/json');
  else if (body !== undefined) setDefault(headers, 'content-type', 'text/plain; charset=utf-8');
  if (!SAFE.has(input.method)) setDefault(headers, 'idempotency-key', idempotencyKey);
  return { url: withQuery(input.url, input.query), method: input.method, headers, body };
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}

function withQuery(base: string, query: HttpInput['query']): URL {
  const url = new URL(base);
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(name, String(item));
    }
  }
  return url;
}

function checkUrl(text: string, context: z.core.$RefinementCtx<string>): void {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, input: text });
}

/** Why no request can go to `text`; undefined when one can. */
export function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'not an absolute URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http and https are allowed';
  if (url.username !== '' || url.password !== '') return 'no user or password in a URL: send an authorization header';
  return undefined;
}
