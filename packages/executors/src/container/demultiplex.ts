/** The output of a container without a terminal: frames of both streams, one after the other. */
import type { Readable } from 'node:stream';

import type { OutputStream } from '../process/told-output.ts';

const HEADER_BYTES = 8;

/**
 * Takes frames apart: a byte for the stream (1 is standard output, 2 standard error), three of nothing, four for the
 * length. However long a frame is, its content is handed on as it comes, and nothing is kept but a header cut in two.
 */
export async function demultiplex(
  frames: Readable,
  onChunk: (stream: OutputStream, chunk: Buffer) => void,
): Promise<void> {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  let stream: OutputStream = 'stdout';
  for await (const piece of frames as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length;) {
      if (left === 0) {
        const rest = piece.subarray(at, at + HEADER_BYTES - header.length);
        header = Buffer.concat([header, rest]);
        at += rest.length;
        if (header.length < HEADER_BYTES) continue;
        stream = header[0] === 2 ? 'stderr' : 'stdout';
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const content = piece.subarray(at, at + left);
      at += content.length;
      left -= content.length;
      onChunk(stream, content);
    }
  }
}
