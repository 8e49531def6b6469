import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@weft/embedded';
import { migrate } from '@weft/postgres';
import { containerOr, startPostgresContainer } from './containers.ts';
import { runStatement, uniqueDatabaseName, withDatabase } from './admin-connection.ts';

/** Where the tests of one run find their databases. */
export type TestServer = {
  /** A database of the server from which others can be made and dropped. */
  serverUrl: string;
  /** Name of the migrated database that each test file's database is copied from. */
  template: string;
};

type RunningTestServer = TestServer & { stop(): Promise<void> };

export type PostgresServer = { url: string; stop(): Promise<void> };

/** Makes a migrated template on the server that `find` finds. */
export async function startTestServer(find: () => Promise<PostgresServer> = findServer): Promise<RunningTestServer> {
  const server = await find();
  const template = uniqueDatabaseName('template');
  const stop = async (): Promise<void> => {
    try {
      await runStatement(server.url, `drop database if exists ${template} with (force)`);
    } finally {
      await server.stop();
    }
  };
  try {
    await runStatement(server.url, `create database ${template}`);
    await migrate(withDatabase(server.url, template));
    return { serverUrl: server.url, template, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Uses the Postgres of `DATABASE_URL` if it is set, else a container where there is a Docker engine, else starts one here. */
async function findServer(): Promise<PostgresServer> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() };
  return await containerOr('Postgres', startPostgresContainer, startLocal);
}

async function startLocal(): Promise<PostgresServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-test-'));
  // When root runs the tests, Postgres runs as another user, who must be able to enter.
  chmodSync(dataDir, 0o755);
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  try {
    const postgres = await startPostgres({ dataDir, settings: { fsync: 'off', max_connections: '200' } });
    return { url: postgres.url, stop: () => postgres.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}
