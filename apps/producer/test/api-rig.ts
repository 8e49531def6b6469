/** The API on a whole engine: real database, one worker, everything in the test's process. */
import { createMemoryRateLimiter, systemClock } from '@weft/embedded';
import type { EndpointMeter, EndpointProber, Executor } from '@weft/engine/ports';
import type { ArtifactDeps } from '@weft/engine/runtime';
import { parseSecretKey } from '@weft/postgres';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';

import type { AppOptions } from '../src/app-options.ts';
import { buildApp } from '../src/index.ts';

export type ApiRig = {
  /** The database. */
  url: string;
  rig: Rig;
  options: AppOptions;
  app: FastifyInstance;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  post(url: string, payload?: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  send(request: InjectOptions): Promise<LightMyRequestResponse>;
  stop(): Promise<void>;
};

/** `isKeyless`: it cannot encrypt tokens. */
export type ApiRigOptions = {
  meter?: EndpointMeter;
  prober?: EndpointProber;
  isKeyless?: boolean;
  pushHints?: AppOptions['pushHints'];
  artifacts?: Pick<ArtifactDeps, 'artifactStore' | 'artifactLimits'>;
};

export async function createApiRig(
  executors: Record<string, Executor['run']> = {},
  { meter, prober, isKeyless = false, pushHints = null, artifacts }: ApiRigOptions = {},
): Promise<ApiRig> {
  const database = await createTestDatabase();
  const rig = await createRig({
    url: database.url,
    executors,
    ...(!isKeyless && { secretKeys: { present: parseSecretKey('ab'.repeat(32), 'the key'), old: [] } }),
    decorate: (deps) => ({ ...deps, ...(meter && { meter }), ...(prober && { prober }), ...artifacts }),
  });
  const options = { ...appOptions(rig, ['echo', ...Object.keys(executors)], meter), pushHints };
  const app = buildApp(options);
  const send = (request: InjectOptions): Promise<LightMyRequestResponse> => app.inject(request);
  return {
    url: database.url,
    rig,
    options,
    app,
    send,
    get: (url, headers = {}) => send({ method: 'GET', url, headers }),
    post: (url, payload, headers = {}) =>
      send({ method: 'POST', url, headers, ...(payload !== undefined && { payload: payload as object }) }),
    async stop() {
      await app.close();
      await rig.stop();
      await database.drop();
    },
  };
}

function appOptions(rig: Rig, executorNames: string[], meter: EndpointMeter | undefined): AppOptions {
  const { engine, store, broker, bus, live } = rig;
  return {
    engine,
    queries: {
      ...store,
      broker,
      rates: createMemoryRateLimiter(),
      endpointBook: engine.endpointBook,
      ...(meter && { meter }),
      loadGraph: (ref) => engine.graphs.load(ref),
    },
    bus,
    live,
    keys: store.keys,
    clock: systemClock,
    hasExecutor: (type) => executorNames.includes(type),
    executorNames,
    maxNodes: 10_000,
    token: null,
    log: pino({ level: process.env['WEFT_TEST_LOG'] ? 'debug' : 'silent' }),
    version: 'test',
  };
}
