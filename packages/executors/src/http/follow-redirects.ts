import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import { guardedFetch } from '../outgoing/guarded-fetch.ts';
import type { HttpRequest } from './request.ts';
import { urlProblem } from './request.ts';

const MAX_HOPS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What may go to another origin than the one it was written for. A header we do not know may be a credential. */
const HARMLESS = new Set(['accept', 'accept-language', 'content-type', 'idempotency-key', 'user-agent']);

/** How a request is carried out. */
export type FollowOptions = { follow: boolean; signal: AbortSignal };

/**
 * Sends a request and, if asked, goes where it is redirected: at most 10 hops, http and https only, each of them under the guard. Done
 * here and not by `fetch`, which passes headers such as `X-Api-Key` on to foreign origins.
 *
 * @throws what `fetch` throws: network errors and the signal's reason.
 */
export async function followRedirects(request: HttpRequest, options: FollowOptions): Promise<Response | Failure> {
  let current = request;
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    const response = await send(current, options.signal);
    const location = response.headers.get('location');
    if (!options.follow || !REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const target = URL.parse(location, current.url.href);
    const problem = target === null ? 'not a URL' : urlProblem(target.href);
    if (target === null || problem !== undefined) return failure('bad_redirect', `Redirected to nowhere: ${problem}`);
    current = redirected(current, target, response.status);
  }
  return failure('too_many_redirects', `More than ${MAX_HOPS} redirects`);
}

function send({ url, method, headers, body }: HttpRequest, signal: AbortSignal): Promise<Response> {
  return guardedFetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
}

function redirected(request: HttpRequest, target: URL, status: number): HttpRequest {
  const sameOrigin = target.origin === request.url.origin;
  const headers = new Headers([...request.headers].filter(([name]) => sameOrigin || HARMLESS.has(name)));
  if (!becomesGet(request.method, status)) return { ...request, url: target, headers };
  headers.delete('content-type');
  headers.delete('idempotency-key');
  return { url: target, method: 'GET', headers, body: undefined };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
