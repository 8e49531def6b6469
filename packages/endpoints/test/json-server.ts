import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

import type { JsonObject } from '@weft/contract';
import { bodyOf, startServer } from '@weft/testkit/local-server';
import { onTestFinished } from 'vitest';

/** A request as it came in. */
export type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: JsonObject };

/** What is said to a request: an object as JSON, or whatever the function does. */
export type Reply = JsonObject | ((response: ServerResponse, received: Received) => void);

/** An HTTP server on this machine that answers in turn as told, the last reply again and again; closed after the test. */
export async function serveJson(...replies: Reply[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const { base, close } = await startServer((request, response) => {
    void bodyOf(request).then((text) => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: JSON.parse(text || '{}') as JsonObject };
      received.push(one);
      const reply = replies[Math.min(received.length, replies.length) - 1];
      if (typeof reply === 'function') return reply(response, one);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    });
  });
  onTestFinished(close);
  return { url: `${base}/hook`, received };
}

/** A reply with this status and body. */
export function status(code: number, body: string | JsonObject = '', headers: Record<string, string> = {}): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return (response) => void response.writeHead(code, { 'content-type': type, ...headers }).end(text);
}
