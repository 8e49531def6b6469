/** A Postgres for one test alone, to be killed, stopped and filled up. It writes to the disk, as it does in production. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '@weft/embedded';
import { migrate } from '@weft/postgres';
import { startPostgresProxy, verifyDatabase } from '@weft/testkit';
import { onTestFinished } from 'vitest';

export type OwnPostgres = {
  /** An address that stays, whatever becomes of the server. */
  url: string;
  /** The server's own address; another one after each start. */
  direct(): string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it in good order and starts it. */
  restart(): Promise<void>;
  /** Ends it as `pg_ctl stop -m immediate` does, and starts it: it has to recover from its log. */
  crash(): Promise<void>;
};

export type OwnPostgresOptions = {
  settings?: Readonly<Record<string, string>>;
  /** An empty folder for its data; one in the system's temporary folder if it is not named. */
  dataDir?: string;
};

/** After the test every run in it must be what its journal says. */
export async function openOwnPostgres({ settings = {}, dataDir }: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'weft-own-postgres-'));
  chmodSync(folder, 0o755);
  const options = { dataDir: folder, settings };
  let postgres = await startPostgres(options);
  await migrate(postgres.url);
  const proxy = await startPostgresProxy(postgres.url);
  onTestFinished(async () => {
    await proxy.stop();
    await verifyDatabase(postgres.url);
    await postgres.stop();
    if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
  });
  const start = async (): Promise<void> => {
    postgres = await startPostgres(options);
    proxy.retarget(postgres.url);
  };
  const restart = async (): Promise<void> => {
    await postgres.stop();
    await start();
  };
  return {
    url: proxy.url,
    direct: () => postgres.url,
    stop: () => postgres.stop(),
    start,
    restart,
    async crash() {
      const postmaster = Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(postmaster, 'SIGQUIT');
      await restart();
    },
  };
}
