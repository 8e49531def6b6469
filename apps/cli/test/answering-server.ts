import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = { status: number; body: unknown };

/** A server that gives the same answer to everything; closed with the test. */
export async function answeringServer({ status, body }: Answer): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A refusal as the API writes it. */
export function problem(status: number, code: string, errors: object[] = []): Answer {
  return { status, body: { type: 't', title: 'T', status, detail: `it is ${code}`, code, requestId: 'r', errors } };
}
