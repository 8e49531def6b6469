import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EmbeddedError, systemCode } from './embedded-error.ts';
import type { Installation } from './installation.ts';
import { giveTo, planSpawn } from './run-as.ts';

const MAJOR_VERSION = '18';
/** What the name of a folder has in addition while initdb works in it. */
const DRAFT = '.new-';
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
 * Refuses a database that is not ours to run. To be called before anything is read from it or written beside it.
 *
 * @throws EmbeddedError `data_dir_not_writable` or `data_dir_incompatible`
 */
export function requireUsable(cluster: Cluster): void {
  if (!existsSync(cluster.folder)) return;
  try {
    accessSync(cluster.folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const message = `the database in ${cluster.folder} belongs to another user: start as that user, or set WEFT_DATA_DIR to another folder`;
    throw new EmbeddedError('data_dir_not_writable', message, { cause });
  }
  const problem = incompatibility(cluster);
  if (problem === null) return;
  const message = `${cluster.folder} ${problem}: set WEFT_DATA_DIR to another folder, or move this one away`;
  throw new EmbeddedError('data_dir_incompatible', message);
}

function incompatibility(cluster: Cluster): string | null {
  const versionFile = join(cluster.folder, 'PG_VERSION');
  if (!existsSync(versionFile)) return readdirSync(cluster.folder).length > 0 ? 'is no database' : null;
  const version = readFileSync(versionFile, 'utf8').trim();
  if (version !== MAJOR_VERSION) return `is a database of Postgres ${version}`;
  return existsSync(cluster.passwordFile) ? null : `lacks its password file ${cluster.passwordFile}`;
}

/**
 * Creates the cluster unless it is there, owned by the user that runs it.
 *
 * @throws EmbeddedError `postgres_start_failed`
 */
export async function ensureCluster(cluster: Cluster, installation: Installation): Promise<void> {
  removeDrafts(cluster);
  if (!existsSync(join(cluster.folder, 'PG_VERSION'))) await initialise(cluster, installation);
  giveTo(installation.runAs, cluster.folder);
  giveTo(installation.runAs, cluster.passwordFile);
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > LOG_BYTES) truncateSync(cluster.logFile);
}

/** Runs initdb in a folder beside and moves it in place when it is whole, so that a crash leaves no half cluster. */
async function initialise(cluster: Cluster, { binaries, runAs }: Installation): Promise<void> {
  rmSync(cluster.passwordFile, { force: true });
  writeFileSync(cluster.passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  giveTo(runAs, cluster.passwordFile);
  const draft = mkdtempSync(`${cluster.folder}${DRAFT}`);
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

/** An initdb whose starter was killed may still be writing to its draft: that one is left for the next time. */
function removeDrafts(cluster: Cluster): void {
  const prefix = basename(cluster.folder) + DRAFT;
  const parent = dirname(cluster.folder);
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch (error) {
      if (systemCode(error) !== 'ENOTEMPTY') throw error;
    }
  }
}

function initialiseFailed(output: string): EmbeddedError {
  const reason =
    output.split('\n').find((line) => line.includes('error:') || line.includes('FATAL:')) ?? 'initdb failed';
  const message = `the database could not be created (${reason.trim()}): free space or rights may be missing; or set DATABASE_URL`;
  return new EmbeddedError('postgres_start_failed', message, { cause: output });
}
