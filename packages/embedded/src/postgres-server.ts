import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { clusterIn, clusterUrl, ensureCluster, requireUsable } from './cluster.ts';
import { lockDataDir, openDataDir } from './data-dir.ts';
import { EmbeddedError } from './embedded-error.ts';
import { chooseInstallation } from './installation.ts';
import type { Postmaster, PostmasterOptions } from './postmaster.ts';
import { readPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts';
import { identityOf } from './process-identity.ts';
import { findRunning } from './running-postmaster.ts';

const RETRY_MS = 250;
/** After a start that fails at once, only a port that was taken in between is worth another try. */
const RETRY_FOR_MS = 1000;
/** After Postgres itself was killed, its children hold the shared memory until they notice. */
const RETRY_AFTER_CRASH_FOR_MS = 15_000;

export type StartPostgresOptions = {
  /** Weft's data folder; made if missing. The database, its password and its log lie in it. */
  dataDir: string;
  /** Receives one line for each decision. */
  log?: (message: string) => void;
  /** Server settings on top of ours, for tests. */
  settings?: Readonly<Record<string, string>>;
};

/** A running Postgres that belongs to this process until `stop`. */
export type PostgresServer = {
  /** Connection string of its superuser, on loopback. */
  url: string;
  port: number;
  /** Ends every connection, stops Postgres and gives the data folder back. Safe to call twice. */
  stop(): Promise<void>;
};

/**
 * Starts the Postgres of a data folder and creates it the first time. A Postgres that outlived a killed Weft is taken
 * over as it is. Only one process at a time can have the folder.
 *
 * @throws EmbeddedError with a code and one line that says what to do
 */
export async function startPostgres(options: StartPostgresOptions): Promise<PostgresServer> {
  const dataDir = openDataDir(options.dataDir);
  const unlock = lockDataDir(dataDir);
  try {
    const cluster = clusterIn(dataDir);
    requireUsable(cluster);
    const postmaster = await attachOrStart(dataDir, cluster, options);
    return serverOf(cluster, postmaster, unlock);
  } catch (error) {
    unlock();
    throw error instanceof EmbeddedError ? error : unexpected(dataDir, error);
  }
}

/** A full disk, a log that another user owns, and whatever else the system may refuse. */
function unexpected(dataDir: string, cause: unknown): EmbeddedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Postgres cannot be started in ${dataDir} (${reason}): set WEFT_DATA_DIR to another folder, or set DATABASE_URL`;
  return new EmbeddedError('postgres_start_failed', message, { cause });
}

async function attachOrStart(dataDir: string, cluster: Cluster, options: StartPostgresOptions): Promise<Postmaster> {
  const log = options.log ?? (() => undefined);
  const running = await findRunning(cluster);
  if (running !== null) {
    log(`attached to Postgres (process ${running.pid}) on port ${running.port}`);
    return running;
  }
  const installation = chooseInstallation(dataDir);
  await ensureCluster(cluster, installation);
  const started = await startWithRetry({ cluster, installation, settings: options.settings ?? {} }, log);
  log(`started Postgres (process ${started.pid}) on port ${started.port}`);
  return started;
}

async function startWithRetry(options: PostmasterOptions, log: (message: string) => void): Promise<Postmaster> {
  const crashed = readPostmaster(options.cluster) !== null;
  const deadline = performance.now() + (crashed ? RETRY_AFTER_CRASH_FOR_MS : RETRY_FOR_MS);
  for (;;) {
    try {
      return await startPostmaster(options);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      log('Postgres does not start yet: trying again');
      await delay(RETRY_MS);
    }
  }
}

function serverOf(cluster: Cluster, postmaster: Postmaster, unlock: () => void): PostgresServer {
  let stopping: Promise<void> | undefined;
  const identity = identityOf(postmaster.pid);
  const stop = async (): Promise<void> => {
    // If it was killed long ago, its number may belong to somebody else by now.
    if (identity !== null && identityOf(postmaster.pid) === identity) await stopPostmaster(postmaster.pid);
    unlock();
  };
  return {
    url: clusterUrl(cluster, postmaster.port),
    port: postmaster.port,
    stop: () => (stopping ??= stop()),
  };
}
