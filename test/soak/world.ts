/** The mesh of a soak: Postgres and Redis behind proxies, two producers, four workers, all of them processes of their own. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, openTcpProxy, startRedisServer } from '@weft/testkit';
import type { RedisServer, TcpProxy } from '@weft/testkit';
import { createClient } from '@weft/sdk';
import type { WeftClient } from '@weft/sdk';

import { watchLogs } from './watch-logs.ts';
import type { LogWatch } from './watch-logs.ts';
import { openPlace } from './place.ts';
import type { Place } from './place.ts';
import { startRestartablePostgres } from './restartable-postgres.ts';
import type { RestartablePostgres } from './restartable-postgres.ts';

export type World = {
  postgres: RestartablePostgres;
  redis: RedisServer;
  redisLink: TcpProxy;
  producers: Place[];
  /** Workers that nobody supervises. */
  workers: Place[];
  /** One place with two worker processes. */
  supervisor: Place;
  /** Clients of the producers, in their order; the address of a producer stays. */
  clients: WeftClient[];
  /** Where executors write what they do. */
  effects: string;
  logs: LogWatch;
  /** A further process, until `leave` is called with its place. */
  more(name: string, args: readonly string[], env?: Record<string, string>): Promise<Place>;
  leave(place: Place): Promise<void>;
  places(): Place[];
  /** Ends every process in good order; gives those that did not end with 0. */
  closeProcesses(): Promise<string[]>;
  close(): Promise<void>;
};

const HANDLERS = join(import.meta.dirname, 'soak-handlers.ts');
const WORKER = ['worker', `--handlers=${HANDLERS}`, '--concurrency=8', '--grace-ms=3000'];

export async function openWorld({ deadAfterMs }: { deadAfterMs: number }): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-soak-'));
  const effects = join(folder, 'effects');
  mkdirSync(effects);
  const [postgres, redis] = await Promise.all([
    startRestartablePostgres(folder),
    startRedisServer({ settings: DEBUG }),
  ]);
  const redisLink = await openTcpProxy(redis.url);
  const logs = watchLogs();
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redisLink.url,
    WEFT_DEAD_AFTER_MS: `${deadAfterMs}`,
    WEFT_SOAK_EFFECTS: effects,
  };
  const open = (name: string, args: readonly string[], more: Record<string, string> = {}): Place =>
    openPlace({ name, args, env: () => ({ ...env, ...more }), onLog: (line) => logs.take(name, line) });

  const ports = await Promise.all([freePort(), freePort()]);
  const producers = ports.map((port, n) => open(`producer-${n}`, ['producer', `--port=${port}`]));
  const workers = [0, 1].map((n) => open(`worker-${n}`, WORKER));
  const supervisor = open('supervisor', [...WORKER, '--processes=2']);
  const further = new Set<Place>();
  const places = (): Place[] => [...producers, ...workers, supervisor, ...further];
  await Promise.all(places().map((place) => place.start()));

  return {
    postgres,
    redis,
    redisLink,
    producers,
    workers,
    supervisor,
    clients: ports.map((port) => createClient({ url: `http://127.0.0.1:${port}` })),
    effects,
    logs,
    places,
    async more(name, args, extra = {}) {
      const place = open(name, args[0] === 'worker' ? [...WORKER, ...args.slice(1)] : args, extra);
      further.add(place);
      await place.start();
      return place;
    },
    async leave(place) {
      further.delete(place);
      await place.close();
    },
    async closeProcesses() {
      const ended = await Promise.all(
        places().map(async (place) => ({ name: place.name, status: await place.close() })),
      );
      return ended.filter(({ status }) => status !== 0).map(({ name, status }) => `${name} ended with ${status}`);
    },
    async close() {
      await Promise.all(places().map((place) => place.close()));
      await redisLink.close();
      await redis.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `DEBUG SLEEP` is refused without it. */
const DEBUG = { 'enable-debug-command': 'yes' };
