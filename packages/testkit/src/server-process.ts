import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

import type { ServerProgram } from './debian-program.ts';

/** A server that runs as a child of this process. */
export type ServerProcess = { end(signal: NodeJS.Signals): Promise<void> };

const READY_TIMEOUT_MS = 10_000;

/**
 * Starts a server and waits until it says `ready`.
 *
 * @throws Error with the last line that it said, if it ends before
 */
export async function startServerProcess(
  { path, libraries }: ServerProgram,
  args: readonly string[],
  ready: string,
): Promise<ServerProcess> {
  const env = libraries === null ? {} : { LD_LIBRARY_PATH: libraries };
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    await saying(child, ready, basename(path));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

async function saying(child: ChildProcess, ready: string, name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timeout = setTimeout(() => reject(new Error(`${name} does not start`)), READY_TIMEOUT_MS);
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4096);
    if (output.includes(ready)) resolve();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.once('error', reject);
  child.once('exit', () => reject(new Error(`${name} ended: ${output.trimEnd().split('\n').at(-1)}`)));
  await promise.finally(() => clearTimeout(timeout));
}
