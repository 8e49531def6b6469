/** `weft producer` and `weft worker` as processes of their own, for tests that kill, stop and freeze them. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');
const MOST_LOG = 100_000;

/** What a process says once it is up. */
export type Ready = { pid: number; url?: string; workerId?: string };

export type MeshProcess = {
  ready: Ready;
  /** What it has logged, the last part of it. */
  log: () => string;
  /** Sends a signal, such as SIGSTOP, and does not wait. */
  signal(signal: NodeJS.Signals): void;
  /** Its exit status, once it has ended; null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends it in good order. Gives its exit status. */
  stop(): Promise<number | null>;
  /** Ends it at once, as a crash does, and the children of a supervisor with it. */
  kill(): Promise<void>;
};

/** `main`: the program of another release; `through`: a command that ends by running what follows it; `onLine` hears each line that it logs. */
export type HowStarted = { main?: string; through?: readonly string[]; onLine?: ((line: string) => void) | undefined };

/** Starts a process and waits until it is ready. */
export async function startMeshProcess(
  args: readonly string[],
  env: Record<string, string>,
  { main = MAIN, through = [], onLine }: HowStarted = {},
): Promise<MeshProcess> {
  const [command = process.execPath, ...rest] = [...through, process.execPath, main, '--json', ...args];
  const child = spawn(command, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the children of a supervisor can be ended with it.
    detached: true,
  });
  const killGroup = (): void => sendToGroup(child, 'SIGKILL');
  process.once('exit', killGroup);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-MOST_LOG)));
  if (onLine) createInterface(child.stderr).on('line', onLine);
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      // A process that is stopped takes no other signal than SIGKILL before it goes on.
      child.kill('SIGCONT');
      await ended;
    }
    return child.exitCode;
  };
  return {
    ready: await readyLine(child, () => log),
    log: () => log,
    ended: ended.then(() => child.exitCode),
    signal: (signal) => void child.kill(signal),
    stop: () => end('SIGTERM'),
    async kill() {
      killGroup();
      await end('SIGKILL');
      process.off('exit', killGroup);
    },
  };
}

function sendToGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

async function readyLine(child: ChildProcess, log: () => string): Promise<Ready> {
  if (!child.stdout) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const said = JSON.parse(line) as Ready & { ready?: boolean };
    if (!said.ready) continue;
    // What the children of a supervisor say is not read, but must not fill the pipe.
    child.stdout.resume();
    return said;
  }
  throw new Error(`the process did not start: ${log()}`);
}
