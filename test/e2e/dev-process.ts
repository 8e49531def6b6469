/** `weft dev` as a process of its own, for tests that kill it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');

export type DevProcess = {
  url: string;
  child: ChildProcess;
  /** Ends it in good order, Postgres included. */
  stop(): Promise<void>;
  /** Kills it and its Postgres at once. */
  killAll(): Promise<void>;
};

/** Starts the stack on a free port, with its data in `dataDir`, and waits until it is ready. */
export async function startDevProcess(dataDir: string, extra: string[] = []): Promise<DevProcess> {
  const args = [MAIN, 'dev', '--json', '--no-sample', '--port', '0', '--data-dir', dataDir, ...extra];
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const url = await readyUrl(child, () => errors);
  return {
    url,
    child,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
    async killAll() {
      const postmaster = Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
      child.kill('SIGKILL');
      process.kill(postmaster, 'SIGKILL');
      if (child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function readyUrl(child: ChildProcess, errors: () => string): Promise<string> {
  if (!child.stdout) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { ready?: boolean; url?: string };
    if (said.ready && said.url) return said.url;
  }
  throw new Error(`weft dev did not start: ${errors()}`);
}

export async function call<Answer>(url: string, path: string, body?: unknown): Promise<Answer> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { ...init, headers: { 'content-type': 'application/json' } });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}
