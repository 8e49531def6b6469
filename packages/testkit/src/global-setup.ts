import type { TestProject } from 'vitest/node';
import { startTestRedis } from './redis-server.ts';
import type { TestRedis } from './redis-server.ts';
import { startTestServer } from './test-server.ts';
import type { TestServer } from './test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    weftTestServer: TestServer;
    weftTestRedis: TestRedis;
  }
}

/** One run, one server: each project that names a set-up loads its own copy of this module, hence the global. */
const shared = globalThis as typeof globalThis & { weftTestRuns?: Map<string, TestRun> };

type TestRun = {
  users: number;
  server: ReturnType<typeof startTestServer>;
  redis: ReturnType<typeof startTestRedis>;
};

/** Starts the servers for the first project that asks; the returned function stops them after the last. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, 'any', () => startTestServer());
}

/** The same for projects that share servers of another kind. */
export async function provideServers(
  project: TestProject,
  kind: string,
  start: () => ReturnType<typeof startTestServer>,
): Promise<() => Promise<void>> {
  const runs = (shared.weftTestRuns ??= new Map<string, TestRun>());
  const run = runs.get(kind) ?? { users: 0, server: start(), redis: startTestRedis() };
  runs.set(kind, run);
  run.users += 1;
  const stop = async (): Promise<void> => {
    run.users -= 1;
    if (run.users > 0) return;
    runs.delete(kind);
    const stopping = [run.server, run.redis].map(async (server) => await (await server).stop());
    await Promise.all(stopping);
  };
  try {
    const { serverUrl, template } = await run.server;
    const { url, problem } = await run.redis;
    project.provide('weftTestServer', { serverUrl, template });
    project.provide('weftTestRedis', { url, problem });
    return stop;
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
