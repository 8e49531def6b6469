import { existsSync } from 'node:fs';

import { clusterIn, clusterUrl } from './cluster.ts';
import { readPostmaster } from './postmaster.ts';
import { identityOf } from './process-identity.ts';

/** Connection string of the Postgres that runs in a data folder now; null if none does. Starts and stops nothing. */
export function runningDatabaseUrl(dataDir: string): string | null {
  const cluster = clusterIn(dataDir);
  const found = readPostmaster(cluster);
  if (found === null || found.status !== 'ready' || identityOf(found.pid) === null) return null;
  return existsSync(cluster.passwordFile) ? clusterUrl(cluster, found.port) : null;
}
