/**
 * The embedded stack: Postgres, lanes in memory, one worker and the API in one process.
 *
 * It is composed here and nowhere else; the pieces know nothing of each other. They stop in the order in which work flows:
 * first nothing new comes in, then what runs ends or is handed back, then what is decided is committed, then the database.
 */
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  createMemoryBroker,
  createMemoryDeliveries,
  createMemoryEventBus,
  createMemoryHousekeeping,
  createMemoryLiveLog,
  createMemoryEndpointMeter,
  createMemoryRateLimiter,
  createMemoryReplyStore,
  createMemoryTimers,
  startPostgres,
  systemClock,
} from '@weft/embedded';
import { createCourier } from '@weft/callbacks';
import type { Courier } from '@weft/callbacks';
import type { FleetStore } from '@weft/engine/ports';
import { createEngine, createWorker } from '@weft/engine/runtime';
import type { RunningEngine, Worker } from '@weft/engine/runtime';
import { createProtocolProber, createProtocolRules, createProtocols } from '@weft/endpoints';
import type { PushHints } from '@weft/endpoints';
import { closeMcpServers, loadOutgoingGuard, PROTOCOL_EXECUTORS, THIS_MACHINE, withPassages } from '@weft/executors';
import { inputChecker } from '@weft/formats';
import { lockDatabase, migrate, openStore } from '@weft/postgres';
import type { PostgresStore, RetentionOptions } from '@weft/postgres';
import { isLoopback, readProducerConfig, startProducer } from '@weft/producer';
import type { Producer, ProducerConfig } from '@weft/producer';
import { readWorkerConfig, workerOptions } from '@weft/worker';
import { destination, pino } from 'pino';
import type { Logger } from 'pino';

import { artifactOptions } from './artifact-options.ts';
import { endpointWorker } from './endpoint-work.ts';
import { cacheMetric } from './cache-metric.ts';
import type { Environment } from '../config.ts';
import { producerBackpressure } from './producer-backpressure.ts';
import { resealTokens } from './reseal-tokens.ts';
import { pushHintsOf } from './push-hints.ts';
import { secretKeysOf } from './secret-keys.ts';
import { surviveStrayErrors } from './survive-stray-errors.ts';
import { tellDashboard } from './tell-dashboard.ts';
import { weftVersion } from './version.ts';

export type DevOptions = {
  host: string | null;
  port: number | null;
  /** Where the database lives; ignored with `databaseUrl`. */
  dataDir: string;
  /** A Postgres to use instead of an embedded one. */
  databaseUrl: string | null;
  /** How long ended runs are kept where no policy says so (for ever), and where they are archived (nowhere). */
  retention?: RetentionOptions;
  /** A file of user handlers, or null. */
  handlersFile: string | null;
  /** A file that the registry of endpoints follows, or null. */
  endpointsFile?: string | null;
  /** Where the keys for tokens are named; the data folder has one of its own where none is. */
  env?: Environment;
  /** Where log lines go: the error stream, or a file in the data folder. */
  log: 'stderr' | 'file';
};

export type DevStack = { url: string; database: string; stop(): Promise<void> };

/** How long running tasks may go on after the stack was told to stop. */
const STOP_GRACE_MS = 3000;

/** Starts everything; what was started is stopped again if a later part fails. */
export async function startDev(options: DevOptions): Promise<DevStack> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = once(async () => {
    for (const end of stops.toReversed()) await end();
  });
  try {
    return { ...(await start(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: DevOptions, stops: (() => Promise<unknown>)[]): Promise<Omit<DevStack, 'stop'>> {
  const config = devConfig(options);
  // Who can reach the API is on this machine already.
  loadOutgoingGuard(isLoopback(config.host) ? THIS_MACHINE : '');
  await mkdir(options.dataDir, { recursive: true });
  const log = openLog(options);
  surviveStrayErrors(log);
  const secretKeys = secretKeysOf(options.env ?? {}, options.dataDir);
  const dashboard = tellDashboard(log);
  const push = pushHintsOf(options.env ?? {}, secretKeys);
  const database = await openDatabase(options, log);
  stops.push(database.stop);
  const lock = await lockDatabase(database.url, 'exclusive');
  stops.push(() => lock.release());
  await migrate(database.url);
  const onError = (error: Error) => log.warn({ err: error }, 'a connection broke');
  const { retention } = options;
  const store = openStore({ url: database.url, secretKeys, ...(retention && { retention }), onError });
  stops.push(() => store.close());
  await endFormerWorkers(store.fleet);
  await resealTokens(store, log);
  await dashboard;
  const { engine, worker, producer, courier, close } = await compose({ options, config, store, push, log });
  stops.push(close);
  stops.push(() => courier.stop());
  stops.push(() => engine.stop());
  stops.push(() => worker.stop(STOP_GRACE_MS));
  stops.push(() => producer.close());
  return { url: producer.url, database: database.what };
}

type Parts = {
  options: DevOptions;
  config: ProducerConfig;
  store: PostgresStore;
  push: PushHints | null;
  log: Logger;
};
type Stack = {
  engine: RunningEngine;
  worker: Worker;
  producer: Producer;
  courier: Courier;
  close: () => Promise<void>;
};

async function compose({ options, config, store, push, log }: Parts): Promise<Stack> {
  const clock = systemClock;
  const protocols = createProtocols({ replies: createMemoryReplyStore(), log });
  const parts = { ...memoryParts(), ...artifactOptions(options.env ?? {}, options.dataDir) };
  const rules = { prober: createProtocolProber(protocols), endpointRules: createProtocolRules(protocols) };
  const deps = { ...store, ...parts, ...rules, inputs: inputChecker, clock, log };
  const engine = createEngine(deps);
  const version = weftVersion();
  const setup = {
    name: 'embedded',
    version,
    config: readWorkerConfig(),
    handlersFile: options.handlersFile,
    lanes: null,
  };
  const settings = await workerOptions(setup);
  const asking = endpointWorker({ ...deps, engine, protocols, push, environment: setup.config.environment });
  const executors = withPassages(new Map([...settings.executors, ...asking.executors]), store.passages);
  const worker = createWorker(
    { ...deps, files: engine.files, graphs: engine.graphs, settler: engine.settler },
    { ...settings, executors },
  );
  const executorNames = [...settings.executors.keys(), ...PROTOCOL_EXECUTORS];
  const producer = await startProducer({
    ...config,
    engine,
    queries: { ...deps, endpointBook: engine.endpointBook, loadGraph: (ref) => engine.graphs.load(ref) },
    bus: parts.bus,
    live: parts.live,
    callbacks: store.callbacks,
    deliveries: store.deliveries,
    keys: store.keys,
    clock,
    log,
    version,
    hasExecutor: (type) => executorNames.includes(type),
    executorNames,
    metrics: () => [cacheMetric(worker)],
    pushHints: push,
    backpressure: producerBackpressure(config),
    scheduler: engine.scheduler,
  });
  const courier = createCourier(
    { deliveries: store.deliveries, queue: createMemoryDeliveries(), clock, log },
    { scheduleMs: config.callbackRetriesMs },
  );
  engine.start();
  courier.start();
  await worker.start();
  const letNoMoreGo = asking.letGo();
  // Drained, it signs off; the API goes on without a worker.
  void worker.left.then(() => worker.stop(0));
  const close = async () => {
    letNoMoreGo();
    await closeMcpServers();
    await Promise.all(Array.from(protocols.values(), (client) => client.close()));
  };
  return { engine, worker, producer, courier, close };
}

/** What a mesh has in Redis. */
function memoryParts() {
  const clock = systemClock;
  const bus = createMemoryEventBus();
  return {
    broker: createMemoryBroker(),
    bus,
    live: createMemoryLiveLog({ bus, clock }),
    rates: createMemoryRateLimiter(),
    meter: createMemoryEndpointMeter({ clock }),
    timers: createMemoryTimers({ clock }),
    housekeeping: createMemoryHousekeeping({ clock }),
    scheduleTurns: createMemoryHousekeeping({ clock }),
  };
}

function devConfig({ host, port, endpointsFile }: DevOptions): ProducerConfig {
  const config = readProducerConfig();
  return {
    ...config,
    host: host ?? config.host,
    port: port ?? config.port,
    endpointsFile: endpointsFile ?? config.endpointsFile,
  };
}

async function openDatabase({ databaseUrl, dataDir }: DevOptions, log: Logger) {
  if (databaseUrl !== null) return { url: databaseUrl, what: 'given by DATABASE_URL', stop: async () => {} };
  const server = await startPostgres({ dataDir, log: (message) => log.info({}, message) });
  return { url: server.url, what: `embedded, port ${server.port}`, stop: () => server.stop() };
}

/** The lanes are in this process's memory, so no worker of an earlier one can still be at work. */
async function endFormerWorkers(fleet: FleetStore): Promise<void> {
  const live = (await fleet.list()).filter((worker) => worker.endedAt === null);
  if (live.length > 0) await fleet.end(live.map((worker) => worker.id));
}

function openLog({ log, dataDir }: DevOptions): Logger {
  // Opened here, so that a folder that cannot be written is told at once, and not by a stream later on.
  const target = log === 'stderr' ? 2 : openSync(join(dataDir, 'weft.log'), 'a');
  return pino({ level: 'info' }, destination({ dest: target, sync: log === 'stderr' }));
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => (done ??= work());
}
