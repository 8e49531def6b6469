import type { Readable } from 'node:stream';

/** The bytes that came out of a stream so far. */
export type Collected = { text(): string };

type Limits = { maxBytes: number; onChunk: (chunk: Buffer) => void; onOverflow: (() => void) | null };

/**
 * Collects a stream. Its bytes are decoded at the end, in one piece, so that a character cut in two by the pipe stays
 * whole; what is not UTF-8 becomes U+FFFD. Past `maxBytes` nothing more is kept and `onOverflow` is called; where there is
 * none, what came first is dropped.
 */
export function collectOutput(stream: Readable, { maxBytes, onChunk, onOverflow }: Limits): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes && onOverflow) return onOverflow();
    chunks.push(chunk);
    while (size > maxBytes && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
    return onChunk(chunk);
  });
  // A pipe that breaks ends like one that is closed; the exit code tells the rest.
  stream.on('error', () => undefined);
  return { text: () => Buffer.concat(chunks).toString('utf8') };
}
