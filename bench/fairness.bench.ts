/**
 * What the flood of one tenant costs another (F59): single tasks of `quiet`, one at a time, on an idle mesh and while `flood`
 * has a backlog of many thousands. The time is from the submission to the commit of the end. One worker process.
 *
 *     node bench/fairness.bench.ts [--flood 100000] [--singles 300] [--limit 0] [--weight 1]
 *
 * `--limit`: how many tasks of `flood` may be under way (0: no limit); `--weight`: the share of `quiet`.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { readNumbers } from './mesh/options.ts';
import { quantile } from './mesh/measure.ts';
import { startServers } from './mesh/servers.ts';
import { startWeft } from './mesh/weft.ts';
import { createMemoryHousekeeping, createMemoryTimers, systemClock } from '@weft/embedded';
import { createEngine } from '@weft/engine/runtime';
import { inputChecker } from '@weft/formats';
import { openStore } from '@weft/postgres';
import {
  createRedisBroker,
  createRedisEventBus,
  createRedisLiveLog,
  createRedisRateLimiter,
  openRedis,
} from '@weft/redis';

const options = readNumbers({ flood: 100_000, singles: 300, limit: 0, weight: 1 });
const BATCH = 500;
const GOAL = 2;

const servers = await startServers();
const weft = await startWeft(servers);
/** What a producer holds, for tenants that no request of the API names here. */
const redis = await openRedis({ url: servers.redisUrl });
const store = openStore({ url: servers.databaseUrl, onError: console.error });
const broker = createRedisBroker(redis);
const bus = createRedisEventBus(redis);
const engine = createEngine({
  ...store,
  broker,
  bus,
  live: createRedisLiveLog(redis),
  rates: createRedisRateLimiter(redis),
  timers: createMemoryTimers({ clock: systemClock }),
  housekeeping: createMemoryHousekeeping({ clock: systemClock }),
  inputs: inputChecker,
  clock: systemClock,
  log: { debug() {}, info() {}, warn: console.error, error: console.error },
});
engine.start();

async function start(tenant: string, count: number): Promise<string[]> {
  const document = { name: 'single', nodes: { only: { type: 'task' as const, uses: 'echo', with: { n: 1 } } } };
  const { ref } = await engine.saveWorkflow({ tenant, document });
  const request = { workflow: ref, input: {}, config: {}, priority: null, tags: [], idempotency: null };
  const results = await engine.startRuns(Array.from({ length: count }, () => request));
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return result.runId;
  });
}

async function singles(): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < options.singles; n += 1) {
    const startedAt = performance.now();
    const ids = await start('quiet', 1);
    await weft.endings.of(ids);
    times.push(performance.now() - startedAt);
    await delay(10);
  }
  return times;
}

const ms = (times: readonly number[], share: number): string => quantile(times, share).toFixed(1).padStart(8);
const line = (name: string, times: readonly number[]): string =>
  `${name.padEnd(8)}${ms(times, 0.5)}${ms(times, 0.95)}${ms(times, 0.99)}`;

try {
  const limit = { maxConcurrent: options.limit === 0 ? null : options.limit, rate: null };
  await engine.setTenantLimits('flood', { ...limit, weight: 1 });
  await engine.setTenantLimits('quiet', { maxConcurrent: null, rate: null, weight: options.weight });
  await delay(2500);
  await singles();
  const idle = await singles();
  for (let sent = 0; sent < options.flood; sent += BATCH) await start('flood', Math.min(BATCH, options.flood - sent));
  const flooded = await singles();
  const { waiting, running } = await store.queue.inUse('flood', null);
  const ratio = quantile(flooded, 0.99) / quantile(idle, 0.99);
  process.stdout.write(
    [
      `ms         p50     p95     p99`,
      line('idle', idle),
      line('flooded', flooded),
      `p99 flooded / idle: ${ratio.toFixed(2)} (goal ${GOAL}: ${ratio <= GOAL ? 'met' : 'missed'})`,
      waiting + running === 0 ? 'the flood was over too soon: send more' : `${waiting} or more of the flood still wait`,
      '',
    ].join('\n'),
  );
} finally {
  await engine.stop();
  await broker.close();
  await bus.close();
  await redis.close();
  await store.close();
  await weft.stop();
  await servers.stop();
}
