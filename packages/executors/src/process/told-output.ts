import { StringDecoder } from 'node:string_decoder';

import type { ExecutorCall } from '@weft/engine/ports';

/** Of one attempt so much is told; what comes after it is read and left out. */
const MOST_BYTES = 1024 * 1024;

export type OutputStream = 'stdout' | 'stderr';

/**
 * Tells what a program writes as pieces of text (events of the mode `messages`), with the stream's name as metadata. Past a
 * MiB nothing more is told, and a warning says so.
 */
export function outputTeller({ token, log }: Pick<ExecutorCall, 'token' | 'log'>) {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  let bytes = 0;
  return (stream: OutputStream, chunk: Buffer): void => {
    const room = MOST_BYTES - bytes;
    bytes += chunk.length;
    if (room <= 0) return;
    const text = decoders[stream].write(chunk.subarray(0, room));
    if (text !== '') token(text, { stream });
    if (bytes >= MOST_BYTES) log('warn', `what was written after ${MOST_BYTES} bytes is not told`);
  };
}
