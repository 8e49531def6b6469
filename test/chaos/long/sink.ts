/** An outside service on its bad days. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { createSeededRandom } from '@weft/testkit';
import { startServer } from '@weft/testkit/local-server';
import { onTestFinished } from 'vitest';

export type Call = { path: string; key: string; at: number };

export type Sink = { url: string; calls: Call[] };

const DRIP_MS = 100;

/**
 * `/fine` answers; `/storm` mostly with 429 and 503 and a pause of a second the first time a key comes, with 500 now and then after
 * that; `/hang` never; `/drip` a byte now and then, without end.
 */
export async function openSink(): Promise<Sink> {
  const calls: Call[] = [];
  const seen = new Set<string>();
  const random = createSeededRandom(60);
  const { base, close } = await startServer((request, response) => {
    const path = request.url ?? '';
    const key = keyOf(request);
    calls.push({ path, key, at: performance.now() });
    if (path === '/hang') return;
    if (path === '/drip') return drip(response);
    if (path === '/storm' && !seen.has(key)) {
      seen.add(key);
      response.writeHead(random.chance(0.5) ? 429 : 503, { 'retry-after': '1' }).end();
    } else if (path === '/storm' && random.chance(0.1)) response.writeHead(500).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"n":1}');
  });
  onTestFinished(close);
  return { url: base, calls };
}

function keyOf({ headers }: IncomingMessage): string {
  return String(headers['idempotency-key'] ?? '');
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => response.write('.'), DRIP_MS);
  response.once('close', () => clearInterval(timer));
}
