import { describedRequest, networkCause } from '@weft/executors/http/http-failure';
import type { HttpRequest } from '@weft/executors/http/request';
import { sendOnce } from '@weft/executors/http/send-once';

import type { CallTarget, Probe } from '../../protocol.ts';
import { credentials } from './endpoint-request.ts';
import { checkHttpUrl } from './http-url.ts';

/**
 * Asks for a URL, or for the endpoint's own. Any status below 500 is healthy, since a POST's address need not answer a GET. The
 * token goes along only to the endpoint's own origin.
 */
export async function probeHttp(target: CallTarget, url: string | null, signal: AbortSignal): Promise<Probe> {
  const problem = checkHttpUrl(url ?? target.url);
  if (problem !== null) return { isHealthy: false, detail: problem };
  const request = probeRequest(target, new URL(url ?? target.url));
  const response = await sendOnce(request, signal);
  if (!(response instanceof Response)) {
    return { isHealthy: false, detail: signal.aborted ? 'no answer in time' : response.error.message };
  }
  await response.body?.cancel().catch((error: unknown) => networkCause(error));
  const detail = `${describedRequest(request)} answered ${response.status}`;
  return { isHealthy: response.status < 500, detail };
}

function probeRequest(target: CallTarget, url: URL): HttpRequest {
  const credential = url.origin === new URL(target.url).origin ? credentials(target) : null;
  const headers = new Headers(credential?.kind === 'headers' ? credential.headers : {});
  headers.set('user-agent', 'weft');
  return { url, method: 'GET', headers, body: undefined };
}
