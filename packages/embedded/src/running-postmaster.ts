import { realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Cluster } from './cluster.ts';
import { clusterUrl } from './cluster.ts';
import type { Postmaster } from './postmaster.ts';
import { forgetPostmaster, readPostmaster, stopPostmaster } from './postmaster.ts';
import { identityOf, worksIn } from './process-identity.ts';

const POLL_MS = 50;
const TAKE_OVER_TIMEOUT_MS = 30_000;

/**
 * Finds a Postgres that outlived a killed Weft and still runs this cluster. One that is starting or stopping is waited
 * for; one that does not answer is stopped. Null if none runs: then the cluster may be started.
 */
export async function findRunning(cluster: Cluster): Promise<Postmaster | null> {
  const deadline = performance.now() + TAKE_OVER_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const found = readPostmaster(cluster);
    if (found === null || identityOf(found.pid) === null) return null;
    if (worksIn(found.pid, cluster.folder) === false) break;
    if (found.status === 'ready' && (await answersFor(cluster, found))) return found;
    await delay(POLL_MS);
  }
  await clearAway(cluster);
  return null;
}

/** Ends a Postgres of ours that hangs; forgets one whose process number was given to another program since. */
async function clearAway(cluster: Cluster): Promise<void> {
  const found = readPostmaster(cluster);
  if (found === null) return;
  if (worksIn(found.pid, cluster.folder) === true) await stopPostmaster(found.pid);
  else forgetPostmaster(cluster);
}

/** Whether the server on that port takes our password and serves our folder. */
async function answersFor(cluster: Cluster, postmaster: Postmaster): Promise<boolean> {
  const client = new Client({ connectionString: clusterUrl(cluster, postmaster.port), connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0] !== undefined && realpathSync(rows[0].data_directory) === realpathSync(cluster.folder);
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
