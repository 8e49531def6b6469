/** Weft as it is deployed: a producer with its HTTP API, workers in other processes, lanes in Redis, runs in Postgres. */
import { fileURLToPath } from 'node:url';

import type { JsonObject, WorkflowDocument, WorkflowVersion } from '@weft/contract';
import { createRedisEventBus, openRedis } from '@weft/redis';
import { createClient } from '@weft/sdk';
import type { WeftClient } from '@weft/sdk';

import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { Endings } from './endings.ts';
import type { Servers } from './servers.ts';

export type WeftOptions = {
  /** Tasks at once in one worker; null for the default of a worker. */ slots?: number | null;
  workers?: number;
  nodeArgs?: readonly string[];
  /** Settings of producer and workers. */ env?: Readonly<Record<string, string>>;
  /** Arguments of each worker. */ workerArgs?: readonly string[];
  /** Whether a process watches all runs over the WebSocket meanwhile. */ watched?: boolean;
};

export type Weft = {
  url: string;
  client: WeftClient;
  /** The ends of runs, heard by pub/sub. */ endings: Endings;
  pids: Record<string, number>;
  save: (document: WorkflowDocument) => Promise<WorkflowVersion>;
  /** One more worker, which may be stopped before the rest. */ startWorker: () => Promise<Child>;
  /** Throws if a run has failed: what fails may be fast. */ requireSuccess: () => Promise<void>;
  stop: () => Promise<void>;
};

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const SUBSCRIBER = fileURLToPath(new URL('subscriber.ts', import.meta.url));

export async function startWeft(servers: Servers, options: WeftOptions = {}): Promise<Weft> {
  const { slots = null, workers = 1, nodeArgs = [], workerArgs = [], watched = true } = options;
  const env = { ...options.env, DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl };
  const producer = await startChild([MAIN, '--json', 'producer', '--port', '0'], { env, nodeArgs });
  const concurrency = slots === null ? [] : ['--concurrency', `${slots}`];
  const command = [MAIN, '--json', 'worker', '--no-health', ...concurrency, ...workerArgs];
  const started: Child[] = [];
  const startWorker = async (): Promise<Child> => {
    const worker = await startChild(command, { env, nodeArgs });
    started.push(worker);
    return worker;
  };
  await Promise.all(Array.from({ length: workers }, startWorker));
  const { url } = JSON.parse(producer.ready) as { url: string };
  const subscriber = watched ? await startChild([SUBSCRIBER, url], { env: {}, nodeArgs: [] }) : null;
  const { endings, close } = await hearEndings(servers);
  const client = createClient({ url });
  const names = started.map(({ pid }, n) => [workers === 1 ? 'worker' : `worker ${n + 1}`, pid] as const);
  return {
    url,
    client,
    endings,
    startWorker,
    pids: {
      producer: producer.pid,
      ...Object.fromEntries(names),
      ...(subscriber && { 'WebSocket subscriber': subscriber.pid }),
    },
    async save(document) {
      const { name, version } = await client.workflows.save(JSON.parse(JSON.stringify(document)) as JsonObject);
      return { name, version };
    },
    async requireSuccess() {
      const { items } = await client.runs.list({ status: 'failed', limit: 1 });
      if (items[0] !== undefined) throw new Error(`run ${items[0].id} has failed: ${items[0].error?.message}`);
    },
    async stop() {
      await subscriber?.stop();
      for (const worker of started) await worker.stop();
      await producer.stop();
      await close();
    },
  };
}

/** The driver hears of ends as every process of Weft does. */
async function hearEndings({ redisUrl }: Servers): Promise<{ endings: Endings; close: () => Promise<void> }> {
  const redis = await openRedis({ url: redisUrl });
  const bus = createRedisEventBus(redis);
  const endings = new Endings();
  const subscribed = Promise.withResolvers<void>();
  bus.subscribe(null, (notice) => {
    if (notice.kind === 'gap') subscribed.resolve();
    else if (notice.kind === 'step' && notice.ended) endings.add(notice.runId);
  });
  await subscribed.promise;
  const close = async (): Promise<void> => {
    await bus.close();
    await redis.close();
  };
  return { endings, close };
}
