/**
 * A process that sends the same POST over and over on some connections, one request at a time on each, and counts the
 * answers. It reads just enough of HTTP to cost the machine little.
 *
 *     node bench/mesh/load.ts
 *
 * Told `{ url, body, connections, seconds }` it answers `{ rate, refused }`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

export type LoadOrder = { url: string; body: string; connections: number; seconds: number };
export type LoadResult = { rate: number; refused: number };

type Counts = { answered: number; refused: number };

const HEAD_END = '\r\n\r\n';

function requestOf({ hostname, port, pathname }: URL, body: string): Buffer {
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}${HEAD_END}${body}`);
}

async function loop(url: URL, request: Buffer, until: number, counts: Counts): Promise<void> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let text = '';
  const take = (chunk: string): void => {
    text += chunk;
    const headEnd = text.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < headEnd + HEAD_END.length + length) return;
    counts.answered += 1;
    if (!text.startsWith('HTTP/1.1 2')) counts.refused += 1;
    text = '';
    if (performance.now() < until) socket.write(request);
    else socket.end();
  };
  // Latin-1, so that a character is a byte.
  socket.setEncoding('latin1').on('data', take);
  socket.write(request);
  await once(socket, 'close');
}

async function run({ url, body, connections, seconds }: LoadOrder): Promise<LoadResult> {
  const counts: Counts = { answered: 0, refused: 0 };
  const startedAt = performance.now();
  const [address, until] = [new URL(url), startedAt + seconds * 1000];
  const request = requestOf(address, body);
  await Promise.all(Array.from({ length: connections }, () => loop(address, request, until, counts)));
  return { rate: counts.answered / ((performance.now() - startedAt) / 1000), refused: counts.refused };
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
console.log('ready');
