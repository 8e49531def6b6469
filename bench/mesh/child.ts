/** A process of the bench: started, waited for, and stopped in good order. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Child = {
  pid: number;
  /** Its first line, which says that it is ready. */ ready: string;
  /** Only for one that was started with a channel. */ send(message: object): void;
  /** The newest handler takes the place of the one before. */ onMessage(handle: (message: unknown) => void): void;
  stop(): Promise<void>;
};

export type ChildOptions = { env: Record<string, string>; nodeArgs: readonly string[]; channel?: boolean };

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Runs a program of Node; throws if it ends before it is ready. */
export async function startChild(args: readonly string[], options: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, [...options.nodeArgs, ...args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'inherit', ...(options.channel ? (['ipc'] as const) : [])],
  });
  const { ended, stop } = guard(child);
  if (child.stdout === null) throw new Error('unreachable: its output is a pipe');
  const lines = createInterface(child.stdout);
  const [ready] = ((await Promise.race([once(lines, 'line'), ended])) ?? []) as unknown[];
  if (typeof ready !== 'string' || child.pid === undefined) throw new Error(`${args.join(' ')} has ended at once`);
  return {
    pid: child.pid,
    ready,
    send: (message) => child.send(message),
    onMessage: (handle) => child.removeAllListeners('message').on('message', handle),
    stop,
  };
}

/** Sees to it that the process ends with the bench, and the bench with the process: without it nothing would end. */
export function guard(child: ChildProcess): { ended: Promise<unknown>; stop: () => Promise<void> } {
  alive.add(child);
  let stopping = false;
  const ended = once(child, 'exit').then(([code]) => {
    alive.delete(child);
    if (stopping) return;
    console.error(`${child.spawnargs.join(' ')} has ended with ${String(code)}`);
    process.exit(1);
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(last);
  };
  return { ended, stop };
}
