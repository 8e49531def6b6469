import type { Failure } from '@weft/executors/failure';

import type { CallTarget } from '../../protocol.ts';
import type { Failed } from '../result.ts';
import { failed, fromFailure } from '../result.ts';

/** Statuses that say something of the endpoint (its address, its credential, its account), and nothing of the request. */
const OF_THE_ENDPOINT = new Set([401, 402, 403, 404, 405, 407, 408, 410]);

const NO_MODEL =
  /model_not_found|\bmodel\b.*(not found|not exist|unknown|unavailable)|(unknown|no such|invalid) model/i;

/**
 * What a failed HTTP exchange means for an endpoint: a redirect is refused (a request and its token go nowhere else), wrong
 * credentials and an unknown model have codes of their own, and all that does not lie in the request is a fault. 429 is none.
 */
export function refused(failure: Failure, target: CallTarget): Failed {
  const { code, details } = failure.error;
  if (code === 'aborted') return fromFailure(failure, false);
  if (code !== 'http_status') return fromFailure(failure, isFaultCode(failure));
  const status = Number(details?.['status']);
  const { error, ...rest } = fromFailure(failure, status >= 500 || status < 400 || OF_THE_ENDPOINT.has(status));
  if (status < 400) return redirected(target, status);
  if (status === 401 || status === 403) {
    const message = `The endpoint ${target.name} refused its ${target.token === null ? 'missing ' : ''}token (${status})`;
    return { ...rest, error: { ...error, code: 'endpoint_unauthorized', message } };
  }
  if ((status === 404 || status === 400) && target.model !== null && NO_MODEL.test(textOf(failure))) {
    const message = `The endpoint ${target.name} has no model "${target.model}": ${error.message}`;
    return { ...rest, isFault: true, error: { ...error, code: 'unknown_model', message } };
  }
  return { ...rest, error };
}

function redirected(target: CallTarget, status: number): Failed {
  const message = `The endpoint ${target.name} redirects (${status}), which is not followed: register where it leads to`;
  return failed('endpoint_redirected', message, { isFault: true, details: { status } });
}

/** All but what the model or its server says of the request itself. */
function isFaultCode({ error }: Failure): boolean {
  return error.code !== 'content_filter' && (error.code !== 'model_error' || error.retryable);
}

function textOf({ error }: Failure): string {
  const body = error.details?.['body'];
  return typeof body === 'string' ? `${error.message} ${body}` : error.message;
}
