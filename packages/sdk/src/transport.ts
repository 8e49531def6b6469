import { TENANT_HEADER } from '@weft/contract';
import { ApiError, toApiError, unexpected } from './api-error.ts';
import { ConnectionError } from './connection-error.ts';
import { pause } from './pause.ts';

/** What every call takes: a signal that ends it. */
export type CallOptions = { signal?: AbortSignal | undefined };

/** A document as text, in the form in which its author wrote it, so that errors come with line and column. */
export type DocumentText = { text: string; mediaType: 'application/json' | 'application/yaml' };

export type Call = CallOptions & {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is; instead of `json`. */
  document?: DocumentText;
  /** Sent as it is, with the content type among the headers; instead of `json`. */
  content?: Uint8Array<ArrayBuffer> | Blob;
};

/** Who calls: by a key or a token, and in which tenant where that is to be said. */
export type Identity = { token: string | null; tenant: string | null };

/** Sends calls to one server. Throws `ApiError` for a refusal, `ConnectionError` where no answer comes. */
export type Transport = {
  readonly origin: string;
  json<T>(call: Call): Promise<T>;
  text(call: Call): Promise<string>;
  open(call: Call): Promise<Response>;
};

/**
 * How often a call is made again that the server refuses for the time being (429, 503), and how long is waited for that
 * altogether, ms. A server that asks to wait longer is not asked again.
 */
export type RetryOptions = { times?: number | undefined; maxWaitMs?: number | undefined };

const RETRIES = 3;
const MAX_WAIT_MS = 30_000;
/** Where the server does not say when. */
const WAIT_MS = 500;

export function createTransport(baseUrl: string, identity: Identity, retry: RetryOptions = {}): Transport {
  const base = new URL(baseUrl);
  const { times = RETRIES, maxWaitMs = MAX_WAIT_MS } = retry;
  const open = async (call: Call): Promise<Response> => {
    let waitedMs = 0;
    for (let tries = 0; ; tries++) {
      const response = await send(base, identity, call);
      if (response.ok) return response;
      const error = await toApiError(response);
      const waitMs = error.retryAfterMs ?? WAIT_MS * 2 ** tries;
      waitedMs += waitMs;
      if (tries >= times || waitedMs > maxWaitMs || !mayRepeat(call, error)) throw error;
      await pause(waitMs, call.signal);
    }
  };
  const read = async (call: Call): Promise<{ response: Response; text: string }> => {
    const response = await open(call);
    const text = await response.text().catch((error: unknown) => {
      throw asConnectionError(error, base, call.signal);
    });
    return { response, text };
  };
  return {
    origin: base.origin,
    open,
    text: async (call) => (await read(call)).text,
    json: async <T>(call: Call) => parse(await read(call)) as T,
  };
}

/** Refusals that pass, of which it is certain, or does not matter, that nothing was done. */
function mayRepeat({ method = 'GET', headers }: Call, { status, code }: ApiError): boolean {
  if (status !== 429 && status !== 503) return false;
  // An answer without a problem comes from a server that closes, or from a proxy before it.
  const isUntouched = status === 429 || code === 'overloaded' || code === 'unexpected_answer';
  return isUntouched || method !== 'POST' || headers?.['idempotency-key'] !== undefined;
}

function parse({ response, text }: { response: Response; text: string }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(unexpected(response));
  }
}

async function send(base: URL, identity: Identity, call: Call): Promise<Response> {
  const { signal } = call;
  try {
    return await fetch(urlOf(base, call), {
      method: call.method ?? 'GET',
      headers: headersOf(identity, call),
      body: call.content ?? call.document?.text ?? (call.json === undefined ? null : JSON.stringify(call.json)),
      signal: signal ?? null,
    });
  } catch (error) {
    throw asConnectionError(error, base, signal);
  }
}

/** The caller's own abort stays what it is. */
function asConnectionError(error: unknown, base: URL, signal: AbortSignal | undefined): unknown {
  return signal?.aborted === true ? error : new ConnectionError(base.origin, error);
}

function urlOf(base: URL, { path, query }: Call): URL {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function headersOf({ token, tenant }: Identity, { headers, json, document }: Call): Record<string, string> {
  const contentType = document?.mediaType ?? (json === undefined ? undefined : 'application/json');
  return {
    accept: 'application/json',
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(tenant !== null && { [TENANT_HEADER]: tenant }),
    ...headers,
  };
}
