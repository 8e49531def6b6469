import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import type { Installation } from './installation.ts';
import { giveTo, planSpawn } from './run-as.ts';

const MAJOR_VERSION = '18';
const LOG_BYTES = 10 * 1024 * 1024;

/** The database cluster of a data folder: its own folder, its password and its log lie side by side. */
export type Cluster = { folder: string; passwordFile: string; logFile: string };

export function clusterIn(dataDir: string): Cluster {
  return {
    folder: join(dataDir, 'postgres'),
    passwordFile: join(dataDir, 'postgres.password'),
    logFile: join(dataDir, 'postgres.log'),
  };
}

/** Where to connect; the user is its superuser, and nobody but this machine can reach it. */
export function clusterUrl(cluster: Cluster, port: number): string {
  return `postgres://weft:${readFileSync(cluster.passwordFile, 'utf8').trim()}@127.0.0.1:${port}/postgres`;
}

/**
 * Creates the cluster unless it is there, owned by the user that runs it.
 *
 * @throws EmbeddedError `data_dir_incompatible` or `postgres_start_failed`
 */
export async function ensureCluster(cluster: Cluster, installation: Installation): Promise<void> {
  if (existsSync(join(cluster.folder, 'PG_VERSION'))) requireSameVersion(cluster);
  else await initialise(cluster, installation);
  giveTo(installation.runAs, cluster.folder);
  giveTo(installation.runAs, cluster.passwordFile);
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > LOG_BYTES) truncateSync(cluster.logFile);
}

function requireSameVersion(cluster: Cluster): void {
  const version = readFileSync(join(cluster.folder, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR_VERSION && existsSync(cluster.passwordFile)) return;
  const problem = version === MAJOR_VERSION ? `lost ${cluster.passwordFile}` : `is of Postgres ${version}`;
  const message = `the database in ${cluster.folder} ${problem}: set WEFT_DATA_DIR to another folder, or move this one away`;
  throw new EmbeddedError('data_dir_incompatible', message);
}

/** Runs initdb in a folder beside and moves it in place when it is whole, so that a crash leaves no half cluster. */
async function initialise(cluster: Cluster, { binaries, runAs }: Installation): Promise<void> {
  const draft = `${cluster.folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(cluster.passwordFile, { force: true });
  writeFileSync(cluster.passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  giveTo(runAs, cluster.passwordFile);
  mkdirSync(draft, { mode: 0o700 });
  giveTo(runAs, draft);
  const args = [
    '-D',
    draft,
    '-U',
    'weft',
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    '--no-instructions',
  ];
  const plan = planSpawn(runAs, binaries.initdb, [...args, `--pwfile=${cluster.passwordFile}`]);
  const child = spawn(plan.command, plan.args, { ...plan.options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw initialiseFailed(Buffer.concat(output).toString());
  renameSync(draft, cluster.folder);
}

function initialiseFailed(output: string): EmbeddedError {
  const reason =
    output.split('\n').find((line) => line.includes('error:') || line.includes('FATAL:')) ?? 'initdb failed';
  const message = `the database could not be created (${reason.trim()}): free space or rights may be missing; or set DATABASE_URL`;
  return new EmbeddedError('postgres_start_failed', message, { cause: output });
}
