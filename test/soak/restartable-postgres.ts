/** A Postgres with its writes on the disk, at an address that stays, behind what can break the way to it. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startPostgres } from '@weft/embedded';
import { migrate } from '@weft/postgres';
import { openTcpProxy, startPostgresProxy } from '@weft/testkit';
import type { PostgresProxy, TcpProxy } from '@weft/testkit';

export type RestartablePostgres = {
  /** As the processes reach it. */
  url: string;
  /** As the soak itself reaches it, past the proxies; changes with a restart. */
  directUrl(): string;
  commits: PostgresProxy;
  link: TcpProxy;
  /** Ends it as `pg_ctl stop -m immediate` does, and starts it again: it has to recover from its log. */
  crash(): Promise<void>;
  stop(): Promise<void>;
};

const SETTINGS = { max_connections: '250' };

export async function startRestartablePostgres(folder: string): Promise<RestartablePostgres> {
  const dataDir = join(folder, 'database');
  mkdirSync(dataDir, { recursive: true });
  // When root runs the soak, Postgres runs as another user, who must be able to enter.
  chmodSync(dataDir, 0o755);
  let server = await startPostgres({ dataDir, settings: SETTINGS });
  await migrate(server.url);
  const commits = await startPostgresProxy(server.url);
  const link = await openTcpProxy(commits.url);
  return {
    url: link.url,
    directUrl: () => server.url,
    commits,
    link,
    async crash() {
      process.kill(postmasterOf(dataDir), 'SIGQUIT');
      await server.stop();
      server = await startPostgres({ dataDir, settings: SETTINGS });
      commits.retarget(server.url);
    },
    async stop() {
      await link.close();
      await commits.stop();
      await server.stop();
    },
  };
}

function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}
