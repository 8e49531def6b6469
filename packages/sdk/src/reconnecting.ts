/** A stream over connections that may break. */
import { ApiError } from './api-error.ts';
import { ConnectionError } from './connection-error.ts';
import { jittered, pause } from './pause.ts';
import type { SseMessage } from './sse-reader.ts';
import { readMessages } from './sse-reader.ts';
import type { CallOptions } from './transport.ts';

export type ReconnectOptions = CallOptions & {
  /** How long to try again without any answer before giving up, in milliseconds (60,000). */
  giveUpAfterMs?: number | undefined;
  /** Told whenever the connection is lost and another try follows. */
  onReconnect?: ((error: unknown) => void) | undefined;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const GIVE_UP_AFTER_MS = 60_000;

/** What each connection brings, until the caller has all. Throws `ApiError`, `ConnectionError` after `giveUpAfterMs`, or the abort's reason. */
export async function* reconnecting<Item>(
  connect: () => AsyncIterable<Item>,
  { origin, signal, giveUpAfterMs = GIVE_UP_AFTER_MS, onReconnect }: ReconnectOptions & { origin: string },
): AsyncGenerator<Item, void, undefined> {
  let lostAt: number | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      for await (const item of connect()) {
        lostAt = null;
        pauseMs = FIRST_PAUSE_MS;
        yield item;
      }
      throw new ConnectionError(origin, new Error('the stream of events was cut'));
    } catch (error) {
      signal?.throwIfAborted();
      lostAt ??= performance.now();
      if (!mayPass(error) || performance.now() - lostAt >= giveUpAfterMs) throw error;
      onReconnect?.(error);
      await pause(Math.max(jittered(pauseMs), retryAfterOf(error)), signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** The messages of an answer. Throws `ConnectionError` where it breaks. */
export async function* readStream(response: Response): AsyncGenerator<SseMessage, void, undefined> {
  if (response.body === null) return;
  try {
    yield* readMessages(response.body);
  } catch (error) {
    throw new ConnectionError(new URL(response.url).origin, error);
  }
}

/** A broken connection and an overloaded or starting server pass; a refusal does not. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof ConnectionError;
}

function retryAfterOf(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}
