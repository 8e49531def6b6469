/** Where a command writes: data to `out`, talk to `err`. */
import { wantsColor, type Environment } from '../config.ts';

export type OutputStream = {
  write(text: string): void;
  /** A person looks at it, and it can be drawn on. */
  readonly isTty: boolean;
  readonly color: boolean;
  readonly columns: number;
  readonly rows: number;
};

export type Terminal = { out: OutputStream; err: OutputStream };

/** The streams of this process. */
export function processTerminal(env: Environment): Terminal {
  return { out: outputStream(process.stdout, env), err: outputStream(process.stderr, env) };
}

function outputStream(stream: NodeJS.WriteStream, env: Environment): OutputStream {
  // A reader that has gone away (`weft list | head`) is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const isTty = stream.isTTY && env['TERM'] !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    isTty,
    color: wantsColor(isTty, env),
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}
