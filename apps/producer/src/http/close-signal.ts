import type { ServerResponse } from 'node:http';

/** Aborts when the client has gone or the answer has been sent. */
export function closeSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.closed) controller.abort();
  response.once('close', () => controller.abort());
  return controller.signal;
}
