import { setTimeout as pause } from 'node:timers/promises';

import { ApiError, ConnectionError } from '@weft/sdk';
import { instant } from './instant.ts';
import { Requests } from './requests.ts';

/** How long to put up with a server that is away. */
export class Patience {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly requests: Requests;
  /** Tries that failed and were made again. */
  retries = 0;

  constructor(patienceMs: number, signal: AbortSignal) {
    this.patienceMs = patienceMs;
    this.signal = signal;
    this.requests = new Requests(signal, REQUEST_MS);
  }
}

/** No single request takes longer, unless nobody is there. */
const REQUEST_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** Sends a request, again and again while the server is away or overloaded; throws the last failure after `patienceMs`. */
export async function persist<T>(patience: Patience, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, requests } = patience;
  const until = instant() + patience.patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await requests.run(send);
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = Math.max(pauseMs, error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0);
      if (!mayPass(error) || instant() + waitMs > until) throw error;
      patience.retries += 1;
      await pause(waitMs, undefined, { signal });
    }
  }
}

/** Whether a status says that the same request may be taken later. */
export function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

function mayPass(error: unknown): boolean {
  if (error instanceof DOMException && error.name === 'TimeoutError') return true;
  return error instanceof ConnectionError || (error instanceof ApiError && isPassing(error.status));
}
