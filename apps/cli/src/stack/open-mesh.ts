/** What every process of the mesh stands on: Postgres and Redis, waited for, checked and migrated. */
import { systemClock } from '@weft/embedded';
import type { Clock, DeliveryQueue, EndpointMeter, KeyStore } from '@weft/engine/ports';
import { createEngine, recoverWithin } from '@weft/engine/runtime';
import type { EngineDeps, RunningEngine } from '@weft/engine/runtime';
import type { EndpointProtocol } from '@weft/contract';
import { createProtocolProber, createProtocolRules, createProtocols } from '@weft/endpoints';
import type { ProtocolClient, PushHints } from '@weft/endpoints';
import { inputChecker } from '@weft/formats';
import { lockDatabase, migrate, MigrationError, openStore } from '@weft/postgres';
import type { PostgresStore, RetentionOptions, SecretKeys } from '@weft/postgres';
import {
  createBullmqDeliveries,
  createBullmqHousekeeping,
  createBullmqTimers,
  createRedisBroker,
  createRedisEventBus,
  createRedisLiveLog,
  createRedisEndpointMeter,
  createRedisRateLimiter,
  createRedisReplyStore,
  openRedis,
} from '@weft/redis';
import type { Logger } from 'pino';

import type { ArtifactOptions } from './artifact-options.ts';
import { tellCaught } from './tell-caught.ts';

export type MeshOptions = {
  databaseUrl: string;
  redisUrl: string;
  /** Within what time the tasks of a worker that died without a word run again, ms. */
  deadAfterMs: number;
  /** How long ended runs are kept where no policy says so, and where they are archived. */
  retention: RetentionOptions;
  /** Where artifacts are kept: the same place for all processes. */
  artifacts: ArtifactOptions;
  /** What tokens of endpoints are encrypted with. */
  secretKeys: SecretKeys;
  /** Where agents may say that a task of theirs has moved on; left out: nowhere. */
  push?: PushHints | null;
  /** How long a database or a Redis may come up late, ms. */
  waitMs: number;
  log: Logger;
};

export type Mesh = {
  engine: RunningEngine;
  deps: EngineDeps &
    Pick<PostgresStore, 'queue' | 'costs' | 'mesh' | 'passages' | 'leftovers' | 'callbacks' | 'deliveries'> & {
      meter: EndpointMeter;
    };
  keys: KeyStore;
  deliveryQueue: DeliveryQueue;
  protocols: ReadonlyMap<EndpointProtocol, ProtocolClient>;
  clock: Clock;
  /** Closes connections; call it after the engine has stopped. */
  close(): Promise<void>;
};

const RETRY_MS = 500;

/** Opens the mesh; whatever was opened is closed again if a later part fails. */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  const { log, redisUrl, waitMs, retention, secretKeys, artifacts } = options;
  await migrateWhenUp(options);
  const lock = await lockDatabase(options.databaseUrl, 'shared');
  const onError = (error: Error) => log.warn({ err: error }, 'a connection broke');
  const redis = await openRedis({ url: redisUrl, waitMs, onError });
  const store = openStore({ url: options.databaseUrl, retention, secretKeys, onError });
  const onListenerError = (error: unknown) => log.error({ err: error }, 'a listener failed');
  const broker = createRedisBroker(redis, { onListenerError });
  const bus = createRedisEventBus(redis, { onListenerError });
  const timers = createBullmqTimers(redis, { clock: systemClock, onListenerError });
  const housekeeping = createBullmqHousekeeping(redis, { onListenerError });
  const deliveryQueue = createBullmqDeliveries(redis, { onListenerError });
  const scheduleTurns = createBullmqHousekeeping(redis, { onListenerError, queue: 'schedules' });
  const rates = createRedisRateLimiter(redis);
  const protocols = createProtocols({ replies: createRedisReplyStore(redis), log });
  const parts = {
    broker,
    bus,
    live: createRedisLiveLog(redis),
    rates,
    meter: createRedisEndpointMeter(redis),
    timers,
    housekeeping,
    ...artifacts,
    scheduleTurns,
    prober: createProtocolProber(protocols),
    endpointRules: createProtocolRules(protocols),
  };
  const deps = { ...store, ...parts, inputs: inputChecker, clock: systemClock, log };
  const engine = createEngine(deps, { sweep: recoverWithin(options.deadAfterMs).sweep });
  const tellNoMore = tellCaught({ engine, clock: systemClock, log });
  return {
    engine,
    deps,
    keys: store.keys,
    deliveryQueue,
    protocols,
    clock: systemClock,
    async close() {
      tellNoMore();
      await Promise.all(Array.from(protocols.values(), (client) => client.close()));
      await timers.close();
      await housekeeping.close();
      await deliveryQueue.close();
      await scheduleTurns.close();
      await broker.close();
      await bus.close();
      await redis.close();
      await store.close();
      await lock.release();
    },
  };
}

/** A database that is still starting is waited for; one that refuses is not. */
async function migrateWhenUp({ databaseUrl, waitMs, log }: MeshOptions): Promise<void> {
  const endAt = systemClock.monotonicMs() + waitMs;
  for (;;) {
    try {
      await migrate(databaseUrl);
      return;
    } catch (error) {
      const hopeless = error instanceof MigrationError && error.code === 'database_too_old';
      if (hopeless || systemClock.monotonicMs() > endAt) throw error;
      log.info({ reason: error instanceof Error ? error.message : String(error) }, 'the database is not up yet');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    systemClock.after(RETRY_MS, resolve);
    await promise;
  }
}
