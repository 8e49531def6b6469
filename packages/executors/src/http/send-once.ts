import type { Failure } from '../failure.ts';
import { aborted } from '../failure.ts';
import { followRedirects } from './follow-redirects.ts';
import { networkFailure } from './http-failure.ts';
import type { HttpRequest } from './request.ts';

/**
 * Sends a request, and nowhere else than where it was written for: a redirect is an answer. A network error or an abort is a
 * failure. Never throws.
 */
export async function sendOnce(request: HttpRequest, signal: AbortSignal): Promise<Response | Failure> {
  try {
    return await followRedirects(request, { follow: false, signal });
  } catch (error) {
    return signal.aborted ? aborted(signal) : networkFailure(request, error);
  }
}
