/**
 * How much memory a producer and a worker take that have nothing to do: resident set by `ps`, when they say that they are
 * ready and a minute later, with a real Postgres and a real Redis.
 *
 *     node bench/idle-memory.bench.ts [--after-ms 60000]
 *
 * Each is started as a user would, once with compiled code on disk and once without (NODE_DISABLE_COMPILE_CACHE=1).
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startPostgres } from '@weft/embedded';

import { startRedisServer } from '../packages/testkit/src/redis-server.ts';

const { values } = parseArgs({ options: { 'after-ms': { type: 'string', default: '60000' } } });
const MAIN = join(import.meta.dirname, '../apps/cli/src/launch.mjs');
const COMMANDS = { producer: ['producer', '--port=0'], worker: ['worker'] };

const dataDir = await mkdtemp(join(tmpdir(), 'weft-idle-'));
await chmod(dataDir, 0o755);
const postgres = await startPostgres({ dataDir });
const redis = await startRedisServer();
const stores = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };

type Measured = { child: ChildProcess; what: string; readyMiB: number };

/** Starts a process and measures it as soon as it is ready. */
async function start(name: keyof typeof COMMANDS, settings: Record<string, string>): Promise<Measured> {
  const env = { ...process.env, ...stores, ...settings };
  const child = spawn(process.execPath, [MAIN, '--json', ...COMMANDS[name]], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes('"ready":true')) break;
  const what = settings['NODE_DISABLE_COMPILE_CACHE'] === undefined ? name : `${name}, nothing compiled on disk`;
  return { child, what, readyMiB: rssMiB(child) };
}

function rssMiB({ pid }: ChildProcess): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024);
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

try {
  // The first start leaves compiled code on disk.
  for (const name of ['producer', 'worker'] as const) await end((await start(name, {})).child);
  const measured: Measured[] = [];
  for (const name of ['producer', 'worker'] as const) {
    measured.push(await start(name, {}));
    measured.push(await start(name, { NODE_DISABLE_COMPILE_CACHE: '1' }));
  }
  await delay(Number(values['after-ms']));
  for (const { child, what, readyMiB } of measured) {
    console.log(`${what}: ${readyMiB} MiB when ready, ${rssMiB(child)} MiB after ${values['after-ms']} ms`);
  }
  await Promise.all(measured.map(({ child }) => end(child)));
} finally {
  await redis.stop();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}
