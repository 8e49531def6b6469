import type { Readable } from 'node:stream';

/** The bytes that came out of a stream so far. */
export type Collected = { text(): string };

/**
 * Collects a stream. Its bytes are decoded at the end, in one piece, so that a character cut in two by the pipe stays
 * whole; what is not UTF-8 becomes U+FFFD. Past `maxBytes` nothing more is kept and `onOverflow` is called.
 */
export function collectOutput(
  stream: Readable,
  limits: { maxBytes: number; onChunk: () => void; onOverflow: () => void },
): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limits.maxBytes) return limits.onOverflow();
    chunks.push(chunk);
    return limits.onChunk();
  });
  // A pipe that breaks ends like one that is closed; the exit code tells the rest.
  stream.on('error', () => undefined);
  return { text: () => Buffer.concat(chunks).toString('utf8') };
}
