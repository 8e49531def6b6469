import type { TestProject } from 'vitest/node';
import { startTestServer } from './test-server.ts';
import type { TestServer } from './test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    weftTestServer: TestServer;
  }
}

/** One run, one server: each project that names this set-up loads its own copy of the module, hence the global. */
const shared = globalThis as typeof globalThis & { weftTestRun?: TestRun };

type TestRun = { users: number; server: ReturnType<typeof startTestServer> };

/** Starts the server for the first project that asks; the returned function stops it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = (shared.weftTestRun ??= { users: 0, server: startTestServer() });
  run.users += 1;
  const { serverUrl, template } = await run.server;
  project.provide('weftTestServer', { serverUrl, template });
  return async () => {
    run.users -= 1;
    if (run.users > 0) return;
    delete shared.weftTestRun;
    await (await run.server).stop();
  };
}
