/** `fetch` for MCP servers: under the guard, and no answer is read without end. */
import { messageOf } from '../failure.ts';
import { guardedFetch } from '../outgoing/guarded-fetch.ts';

const MAX_ANSWER_BYTES = 12_000_000;
/** What a server tells by itself for as long as it is kept. */
const MAX_STREAM_BYTES = 64 * 1_048_576;

/** The body has more bytes than are ever wanted. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
  readonly code = 'answer_too_large';
}

export async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const { method = 'GET', headers, signal, body: sent } = init ?? {};
  const response = await guardedFetch(new URL(url), {
    method,
    headers: new Headers(headers),
    signal: signal ?? new AbortController().signal,
    ...(typeof sent === 'string' && { body: sent }),
  });
  if (response.body === null) return response;
  const body = response.body.pipeThrough(bound(method === 'GET' ? MAX_STREAM_BYTES : MAX_ANSWER_BYTES));
  const { status, statusText } = response;
  const bounded = new Response(body, { status, statusText, headers: response.headers });
  // A response that is made has none.
  Object.defineProperty(bounded, 'url', { value: String(url) });
  return bounded;
}

function bound(most: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > most) controller.error(new AnswerTooLargeError(`the answer has more than ${most} bytes`));
      else controller.enqueue(chunk);
    },
  });
}

/** Whether this is what ended it, however deep it lies. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof AnswerTooLargeError) return true;
  return error instanceof Error && (isTooLarge(error.cause) || /more than \d+ bytes/.test(messageOf(error)));
}
