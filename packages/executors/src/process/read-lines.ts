import type { Readable } from 'node:stream';

/** Hears each line of a stream, without its break; null for one of more than `maxBytes`. Node's readline would keep any. */
export function readLines(pipe: Readable, maxBytes: number, onLine: (text: string | null) => void): void {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer): void => {
    size += part.length;
    if (size > maxBytes) parts = [];
    else parts.push(part);
  };
  const end = (): void => {
    const text = size > maxBytes ? null : Buffer.concat(parts).toString();
    parts = [];
    size = 0;
    onLine(text);
  };
  pipe.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      take(chunk.subarray(from, at));
      end();
      from = at + 1;
    }
    take(chunk.subarray(from));
    // Nothing of it is kept.
    if (size > maxBytes) free(chunk);
  });
  pipe.on('end', end);
  pipe.on('error', () => undefined);
}

/**
 * Gives the memory of a chunk back at once. To the collector its bytes are outside of the heap, of which it lets some 64 MiB
 * gather before it looks.
 */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
