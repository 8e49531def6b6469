import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { EmbeddedError, systemCode } from './embedded-error.ts';
import type { Installation } from './installation.ts';
import { identityOf } from './process-identity.ts';
import { planSpawn } from './run-as.ts';

const POLL_MS = 10;
/** Recovery after a crash may have to read gigabytes of log. */
const READY_TIMEOUT_MS = 120_000;
const FAST_STOP_TIMEOUT_MS = 30_000;
const IMMEDIATE_STOP_TIMEOUT_MS = 10_000;

/** Settings for many short transactions of a few clients; durability is never traded. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** What a cluster's `postmaster.pid` says. */
export type Postmaster = { pid: number; port: number; status: string };

/** Reads who runs the cluster, or ran it when it crashed. */
export function readPostmaster(cluster: Cluster): Postmaster | null {
  try {
    const lines = readFileSync(pidFile(cluster), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Removes the file that a dead Postgres left. Only for a process number that now belongs to somebody else. */
export function forgetPostmaster(cluster: Cluster): void {
  rmSync(pidFile(cluster), { force: true });
}

function pidFile(cluster: Cluster): string {
  return join(cluster.folder, 'postmaster.pid');
}

export type PostmasterOptions = {
  cluster: Cluster;
  installation: Installation;
  /** Server settings on top of ours. */
  settings: Readonly<Record<string, string>>;
};

/**
 * Starts Postgres on a free port and waits until it takes connections. It outlives this process: Ctrl-C must reach us
 * and not it, because we stop it last.
 *
 * @throws EmbeddedError `postgres_start_failed`
 */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { cluster, installation } = options;
  const settings = { ...SETTINGS, ...options.settings, port: String(await freePort()) };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const plan = planSpawn(installation.runAs, installation.binaries.postgres, ['-D', cluster.folder, ...args]);
  const log = openSync(cluster.logFile, 'a', 0o600);
  const child = spawn(plan.command, plan.args, { ...plan.options, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.once('error', () => undefined);
  child.unref();
  return await untilReady(cluster, child);
}

async function untilReady(cluster: Cluster, child: ChildProcess): Promise<Postmaster> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const postmaster = readPostmaster(cluster);
    if (postmaster?.status === 'ready' && postmaster.pid === child.pid) return postmaster;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) throw startFailed(cluster);
    await delay(POLL_MS);
  }
  child.kill('SIGINT');
  throw startFailed(cluster);
}

function startFailed(cluster: Cluster): EmbeddedError {
  const lines = readFileSync(cluster.logFile, 'utf8').trimEnd().split('\n');
  const reason = lines.findLast((line) => line.includes('FATAL:')) ?? lines.at(-1) ?? 'no reason given';
  const message = `Postgres does not start (${reason.trim()}): see ${cluster.logFile}, or set DATABASE_URL`;
  return new EmbeddedError('postgres_start_failed', message);
}

/** A port that nobody uses now. Somebody may take it before Postgres does; then the start fails and is tried again. */
async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return await promise;
}

/** Stops Postgres: connections end, what was committed stays. Returns when it is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  if (await isGone(pid, FAST_STOP_TIMEOUT_MS)) return;
  signal(pid, 'SIGQUIT');
  if (await isGone(pid, IMMEDIATE_STOP_TIMEOUT_MS)) return;
  signal(pid, 'SIGKILL');
  await isGone(pid, IMMEDIATE_STOP_TIMEOUT_MS);
}

/** Waits for the end of a process; false if it still runs after `timeoutMs`. */
async function isGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (identityOf(pid) === null) return true;
    await delay(POLL_MS);
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
