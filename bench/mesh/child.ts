/** A process of the bench: started, waited for, and stopped in good order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Child = {
  pid: number;
  /** Its first line, which says that it is ready. */ ready: string;
  stop(): Promise<void>;
};

export type ChildOptions = { env: Record<string, string>; nodeArgs: readonly string[] };

/** Runs a program of Node; throws if it ends before it is ready. */
export async function startChild(args: readonly string[], { env, nodeArgs }: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, 'line'), ended]);
  const [ready] = first as unknown[];
  if (typeof ready !== 'string' || child.pid === undefined) throw new Error(`${args.join(' ')} has ended at once`);
  return {
    pid: child.pid,
    ready,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
