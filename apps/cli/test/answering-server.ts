import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export type Answer = { status: number; body: unknown };

/** A server that gives the same answer to everything; closed with the test. */
export async function answeringServer(answer: Answer): Promise<string> {
  return (await routingServer(() => answer)).url;
}

/** What a server was asked: `POST /v1/runs`, and the body as JSON. */
export type Asked = { what: string; body: unknown; user: string | undefined };

/** A server that answers what it is asked, such as `GET /v1/runs`, and keeps that; closed with the test. */
export async function routingServer(answer: (what: string) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((sent) => {
      const what = `${request.method} ${request.url}`;
      const user = request.headers['x-weft-user'];
      asked.push({ what, body: sent === '' ? undefined : JSON.parse(sent), user: user as string | undefined });
      const { status, body } = answer(what);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A refusal as the API writes it. */
export function problem(status: number, code: string, errors: object[] = []): Answer {
  return { status, body: { type: 't', title: 'T', status, detail: `it is ${code}`, code, requestId: 'r', errors } };
}
