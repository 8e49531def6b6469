import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { containerOr, startRedisContainer } from './containers.ts';
import { findServerProgram } from './debian-program.ts';
import { freePort } from './free-port.ts';
import { startServerProcess } from './server-process.ts';

export type RedisServer = {
  url: string;
  /** Ends it at once, as a crash does; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it anew on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type RedisServerOptions = {
  /** Settings on top of ours, such as `maxmemory-policy`. */
  settings?: Readonly<Record<string, string>>;
};

const SETTINGS = { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', bind: '127.0.0.1' };
const READY = 'Ready to accept connections';

/**
 * Starts a Redis of its own for one test file, on a free port and without persistence.
 *
 * @throws Error in one line if there is none to start
 */
export async function startRedisServer({ settings = {} }: RedisServerOptions = {}): Promise<RedisServer> {
  const program = await findServerProgram('redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'weft-redis-'));
  const port = await freePort();
  const args = Object.entries({ ...SETTINGS, ...settings, port: String(port), dir: folder });
  const start = () =>
    startServerProcess(
      program,
      args.flatMap(([name, value]) => [`--${name}`, value]),
      READY,
    );
  let child = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => child.end('SIGKILL'),
    restart: async () => {
      await child.end('SIGKILL');
      child = await start();
    },
    stop: () => child.end('SIGTERM').finally(() => rmSync(folder, { recursive: true, force: true })),
  };
}

/** Where the tests of one run find Redis, or why they do not. */
export type TestRedis = { url: string | null; problem: string | null };

type RunningTestRedis = TestRedis & { stop(): Promise<void> };

/** Uses the Redis of `REDIS_URL` if it is set, else a container where there is a Docker engine, else starts one here. */
export async function startTestRedis(): Promise<RunningTestRedis> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '') return { url: given, problem: null, stop: () => Promise.resolve() };
  try {
    const server = await containerOr('Redis', startRedisContainer, () => startRedisServer());
    return { url: server.url, problem: null, stop: () => server.stop() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = `no Redis for tests (${reason}): set REDIS_URL; suites that need it are skipped`;
    process.stderr.write(`weft: ${problem}\n`);
    return { url: null, problem, stop: () => Promise.resolve() };
  }
}
