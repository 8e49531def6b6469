import { inject } from 'vitest';
import { runStatement, uniqueDatabaseName, withDatabase } from './admin-connection.ts';

export type TestDatabase = {
  url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
};

/**
 * Makes an empty, migrated database for one test file by copying the run's template. For the projects `integration` and
 * `e2e`, whose global set-up starts the server.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl, template } = inject('weftTestServer');
  const name = uniqueDatabaseName('test');
  await runStatement(serverUrl, `create database ${name} template ${template}`);
  return {
    url: withDatabase(serverUrl, name),
    drop: () => runStatement(serverUrl, `drop database if exists ${name} with (force)`),
  };
}
