import type { TestProject } from 'vitest/node';
import { provideServers } from './global-setup.ts';
import { startPostgres15 } from './postgres-15.ts';
import { startTestServer } from './test-server.ts';

/** The set-up of the suites that also run on Postgres 15. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, 'postgres-15', () => startTestServer(startPostgres15));
}
