import { checkInvariants } from '@weft/postgres';
import { inject } from 'vitest';

import { runStatement, uniqueDatabaseName, withDatabase } from './admin-connection.ts';
import { verifyRuns } from './verify-runs.ts';

export type DropOptions = {
  /** Whether every run must equal the fold of its journal (true); false where rows were made by hand. */
  verify?: boolean;
};

export type TestDatabase = {
  url: string;
  /** Ends every connection to it and removes it. Throws with all that is wrong in it. */
  drop: (options?: DropOptions) => Promise<void>;
};

/**
 * Makes an empty, migrated database for one test file by copying the run's template. For the projects `integration` and
 * `e2e`, whose global set-up starts the server.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl, template } = inject('weftTestServer');
  const name = uniqueDatabaseName('test');
  // The template is small, and nobody writes to it: its files are copied twice as fast as its pages are logged.
  await runStatement(serverUrl, `create database ${name} template ${template} strategy file_copy`);
  const url = withDatabase(serverUrl, name);
  return {
    url,
    async drop({ verify = true } = {}) {
      try {
        if (verify) await verifyDatabase(url);
      } finally {
        await runStatement(serverUrl, `drop database if exists ${name} with (force)`);
      }
    },
  };
}

/** Proves of any database that each of its runs is what its journal says, and that nothing in it is out of joint. */
export async function verifyDatabase(url: string, tenants?: readonly string[]): Promise<void> {
  const broken = await checkInvariants(url);
  if (broken.length > 0) throw new Error(`${broken.length} invariants are broken:\n${broken.join('\n')}`);
  await verifyRuns(url, tenants);
}
