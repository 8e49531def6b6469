/** Weft as it is deployed: a producer with its HTTP API, a worker in another process, lanes in Redis, runs in Postgres. */
import { fileURLToPath } from 'node:url';

import type { StartedRunBatch, StartRun, WorkflowDocument, WorkflowVersion } from '@weft/contract';
import { createRedisEventBus, openRedis } from '@weft/redis';

import { startChild } from './child.ts';
import { Endings } from './endings.ts';
import type { Servers } from './servers.ts';
import { BULK, CHAIN, chunks, FAN, PAYLOAD } from './side.ts';
import type { Side } from './side.ts';

export type WeftOptions = {
  /** Tasks at once; null for the default of a worker. */
  slots: number | null;
  nodeArgs: readonly string[];
};

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const TASK = { type: 'task' as const, uses: 'echo', with: { payload: PAYLOAD } };

export async function startWeft(servers: Servers, { slots, nodeArgs }: WeftOptions): Promise<Side> {
  const options = { env: { DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl }, nodeArgs };
  const producer = await startChild([MAIN, '--json', 'producer', '--port', '0'], options);
  const concurrency = slots === null ? [] : ['--concurrency', `${slots}`];
  const worker = await startChild([MAIN, '--json', 'worker', '--no-health', ...concurrency], options);
  const { url } = JSON.parse(producer.ready) as { url: string };
  const redis = await openRedis({ url: servers.redisUrl });
  const bus = createRedisEventBus(redis);
  const endings = new Endings();
  const subscribed = Promise.withResolvers<void>();
  bus.subscribe(null, (notice) => {
    if (notice.kind === 'gap') subscribed.resolve();
    else if (notice.kind === 'step' && notice.ended) endings.add(notice.runId);
  });
  await subscribed.promise;
  const documents = [chain(CHAIN), fan(FAN), chain(1)];
  const [chained, fanned, single] = await Promise.all(documents.map((document) => save(url, document)));
  const runAtOnce = async (workflow: WorkflowVersion | undefined, runs: number): Promise<void> => {
    const requests = Array.from({ length: runs }, () => startOf(workflow));
    const ids = await Promise.all(chunks(requests, BULK).map((batch) => submit(url, batch)));
    await endings.of(ids.flat());
  };
  return {
    name: 'Weft',
    pids: [producer.pid, worker.pid],
    async chains({ runs }) {
      const took: number[] = [];
      for (let n = 0; n < runs; n++) {
        const startedAt = performance.now();
        const { id } = await post<{ id: string }>(`${url}/v1/runs`, startOf(chained));
        await endings.of([id]);
        took.push(performance.now() - startedAt);
      }
      return took;
    },
    fans: ({ runs }) => runAtOnce(fanned, runs),
    singles: ({ runs }) => runAtOnce(single, runs),
    async stop() {
      await worker.stop();
      await producer.stop();
      await bus.close();
      await redis.close();
    },
  };
}

function startOf(workflow: WorkflowVersion | undefined): StartRun {
  if (workflow === undefined) throw new Error('a workflow was not saved');
  return { workflow };
}

async function submit(url: string, runs: readonly StartRun[]): Promise<string[]> {
  const { items } = await post<StartedRunBatch>(`${url}/v1/runs/batch`, { runs });
  return items.map((item) => {
    if (!('id' in item)) throw new Error(`a run was refused: ${item.detail}`);
    return item.id;
  });
}

async function save(url: string, document: WorkflowDocument): Promise<WorkflowVersion> {
  const { name, version } = await post<WorkflowVersion>(`${url}/v1/workflows`, document);
  return { name, version };
}

async function post<T>(url: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function chain(length: number): WorkflowDocument {
  const nodes = Array.from({ length }, (_, n) => [`n${n}`, { ...TASK, ...(n > 0 && { needs: [`n${n - 1}`] }) }]);
  return { name: `bench-chain-${length}`, nodes: Object.fromEntries(nodes) };
}

function fan(width: number): WorkflowDocument {
  const names = Array.from({ length: width }, (_, n) => `w${n}`);
  const middle = names.map((name) => [name, { ...TASK, needs: ['first'] }]);
  return {
    name: `bench-fan-${width}`,
    nodes: { first: TASK, ...Object.fromEntries(middle), last: { ...TASK, needs: names } },
  };
}
