/** A receiver of callbacks on this machine, which does what it is told to. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

import { bodyOf, startServer } from '@weft/testkit/local-server';
import { onTestFinished } from 'vitest';

export type Received = { url: string; headers: Record<string, string>; body: string };

export type Receiver = {
  base: string;
  received: Received[];
  /** What it answers; 204 until then. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
};

export async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = { base: '', received: [], answer: (_, response) => response.writeHead(204).end() };
  const server = await startServer((request, response) => {
    void bodyOf(request).then((body) => {
      receiver.received.push({ url: request.url ?? '', headers: plain(request.headers), body });
      receiver.answer(request, response);
    });
  });
  receiver.base = server.base;
  onTestFinished(() => server.close());
  return receiver;
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
