/** One request to a receiver, and what it came to. */
import type { DeliveryAttempt } from '@weft/contract';
import type { TakenDelivery } from '@weft/engine/ports';
import { networkCause } from '@weft/executors/http/http-failure';
import { readExcerpt } from '@weft/executors/http/read-body';
import { retryAfterMs } from '@weft/executors/http/retry-after';
import { guardedFetch } from '@weft/executors/outgoing/guarded-fetch';

import { signatureOf } from './sign.ts';

const EXCERPT_CHARS = 1_024;

/** `isFinal`: no repeat changes it. */
export type Sent = {
  attempt: DeliveryAttempt;
  kind: 'taken' | 'gone' | 'failed' | 'refused';
  retryAfterMs?: number;
};

type Clock = { now(): number; monotonicMs(): number };

/** Posts a delivery; a redirect is a failure, as Standard Webhooks has it. Never throws. */
export async function send(taken: TakenDelivery, clock: Clock, signal: AbortSignal): Promise<Sent> {
  const at = new Date(clock.now()).toISOString();
  const from = clock.monotonicMs();
  const attempt = (rest: Pick<DeliveryAttempt, 'status' | 'body' | 'error'>): DeliveryAttempt => {
    return { at, ms: Math.round(clock.monotonicMs() - from), ...rest };
  };
  try {
    const response = await post(taken, signal);
    const { status, headers, ok } = response;
    const body = cleaned(await readExcerpt(response));
    if (ok) return { kind: 'taken', attempt: attempt({ status, body, error: null }) };
    const pause = retryAfterMs(headers, clock.now());
    return {
      kind: status === 410 ? 'gone' : 'failed',
      attempt: attempt({ status, body, error: status < 400 ? 'it redirects, which is not followed' : null }),
      ...(pause !== undefined && { retryAfterMs: pause }),
    };
  } catch (error) {
    const { message, code } = networkCause(error);
    const said = signal.aborted ? reasonOf(signal) : message;
    return {
      kind: code === 'address_refused' ? 'refused' : 'failed',
      attempt: attempt({ status: null, body: null, error: cleaned(said) }),
    };
  }
}

async function post({ id, url, payload, secrets, timestamp }: TakenDelivery, signal: AbortSignal): Promise<Response> {
  // Not sent without its signature, which the receiver relies on.
  if (secrets === null) throw new Error('no key is at hand to read its secret with: see WEFT_ENCRYPTION_KEY');
  const body = JSON.stringify(payload);
  const headers = new Headers({
    'content-type': 'application/json',
    'user-agent': 'weft',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
  });
  if (secrets.length > 0) headers.set('webhook-signature', signatureOf(secrets, { id, timestamp, body }));
  return guardedFetch(new URL(url), { method: 'POST', headers, body, signal });
}

function reasonOf(signal: AbortSignal): string {
  const { reason } = signal as { reason: unknown };
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'no answer in time' : 'it was broken off';
}

function cleaned(text: string): string {
  return text.slice(0, EXCERPT_CHARS).replaceAll('\0', '\u{FFFD}').toWellFormed();
}
