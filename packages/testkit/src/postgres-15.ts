/** The oldest Postgres that Weft runs on, for the suites that must hold on it, too. */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { runStatement } from './admin-connection.ts';
import { freePort } from './free-port.ts';

/** Where Debian and its relatives keep it. */
const PROGRAMS = '/usr/lib/postgresql/15/bin';
/** Postgres refuses to run as root. */
const NOBODY = 65_534;
const USER = 'weft';
const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  fsync: 'off',
  jit: 'off',
  timezone: 'UTC',
};

/** Whether the suites can run on it: `TEST_POSTGRES_15_URL` names a server, or its programs are here. */
export function hasPostgres15(): boolean {
  return givenUrl() !== null || existsSync(join(PROGRAMS, 'postgres'));
}

/** Uses the server of `TEST_POSTGRES_15_URL`, else starts one in a temporary folder. */
export async function startPostgres15(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = givenUrl();
  return given === null ? await startLocal() : { url: given, stop: () => Promise.resolve() };
}

function givenUrl(): string | null {
  const url = process.env['TEST_POSTGRES_15_URL'];
  return url === undefined || url === '' ? null : url;
}

async function startLocal(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-postgres-15-'));
  chmodSync(folder, 0o755);
  try {
    const password = await initialise(folder);
    const port = await freePort();
    const settings = Object.entries({ ...SETTINGS, port: String(port) });
    const child = start('postgres', ['-D', join(folder, 'data'), ...settings.flatMap(([k, v]) => ['-c', `${k}=${v}`])]);
    const url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
    await untilReady(url, child);
    const stop = async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGINT');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    };
    return { url, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a cluster; gives the password of its superuser. */
async function initialise(folder: string): Promise<string> {
  const password = randomBytes(24).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (isRoot()) for (const path of [folder, passwordFile]) chownSync(path, NOBODY, NOBODY);
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--no-sync', `--pwfile=${passwordFile}`];
  const child = start('initdb', ['-D', join(folder, 'data'), '-U', USER, ...flags]);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`initdb of Postgres 15 ended with ${code}`);
  return password;
}

function start(program: string, args: readonly string[]): ChildProcess {
  const options: SpawnOptions = { cwd: '/', env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, stdio: 'ignore' };
  const user = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
  // A group of its own: Ctrl-C at a terminal must reach the tests before it.
  return spawn(join(PROGRAMS, program), args, { ...options, ...user, detached: true });
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await runStatement(url, 'select 1');
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error('Postgres 15 does not start', { cause: error });
      }
    }
    await delay(POLL_MS);
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
