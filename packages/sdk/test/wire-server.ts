import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a server was asked. */
export type Asked = { method: string; url: string; headers: IncomingMessage['headers']; body: string };

/** A server on a free port that answers with `answer` and remembers what it was asked; closed with the test. */
export async function wireServer(
  answer: (asked: Asked, response: ServerResponse, count: number) => void,
): Promise<{ url: string; asked: Asked[]; close: () => Promise<void> }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const item = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(item);
      answer(item, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** One message of an event stream, as the server writes it. */
export function sse(id: string, name: string, data: unknown): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const RUN_ID = '0198a000-0000-7000-8000-000000000001';

/** The event of a step, or with `n` a live one. */
export function event(step: number, { mode = 'tasks', type = 'task_succeeded', n = 0 } = {}) {
  return { runId: RUN_ID, step, ...(n > 0 && { n }), mode, type, at: '2026-11-21T00:00:00.000Z', data: {} };
}
