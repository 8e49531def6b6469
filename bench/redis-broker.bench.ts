/**
 * What the lanes in Redis cost: publish, claim and acknowledge in batches of 100 and one by one, with one tenant and with
 * five that take turns; and how soon an idle worker gets a message. Redis, publisher and worker share the machine.
 *
 *     node bench/redis-broker.bench.ts [--repeats 5] [--messages 20000]
 *
 * Redis' own CPU time per message stands beside each figure, since that is what all workers share.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { createRedisBroker, openRedis } from '@weft/redis';
import { ackOf, startRedisServer, taskMessage } from '@weft/testkit';

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '5' }, messages: { type: 'string', default: '20000' } },
});
const repeats = Number(values.repeats);
const count = Number(values.messages);

const server = await startRedisServer();
const prefix = 'bench:';
const [publishing, working] = [
  await openRedis({ url: server.url, prefix }),
  await openRedis({ url: server.url, prefix }),
];
const [publisher, worker] = [createRedisBroker(publishing), createRedisBroker(working)];
const signal = new AbortController().signal;
const claimOf = (limit: number) => ({ worker: 'w1', lanes: ['default'], limit, signal });

async function redisCpuMs(): Promise<number> {
  const info = await publishing.commands.info('cpu');
  const seconds = ['used_cpu_user', 'used_cpu_sys'].map((name) => Number(new RegExp(`${name}:(.+)`).exec(info)?.[1]));
  return seconds.reduce((sum, part) => sum + part, 0) * 1000;
}

/** Messages per second, and microseconds of Redis per message. */
async function measure(total: number, work: () => Promise<void>): Promise<{ rate: number; redisUs: number }> {
  const [cpuMs, startedAt] = [await redisCpuMs(), performance.now()];
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  return { rate: total / seconds, redisUs: ((await redisCpuMs()) - cpuMs) / (total / 1000) };
}

const messagesOf = (total: number, tenants: number) =>
  Array.from({ length: total }, (_, n) => taskMessage(`task-${n}`, { tenant: `tenant-${n % tenants}` }));

async function publishAll(total: number, batch: number, tenants: number): Promise<void> {
  const messages = messagesOf(total, tenants);
  for (let at = 0; at < total; at += batch) await publisher.publish(messages.slice(at, at + batch));
}

async function drain(total: number, batch: number): Promise<void> {
  for (let left = total; left > 0;) {
    const messages = await worker.claim(claimOf(batch));
    await worker.publish([], messages.map(ackOf));
    left -= messages.length;
  }
}

async function wakeLatency(rounds: number): Promise<string> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const claim = worker.claim(claimOf(1));
    await new Promise((resolve) => setTimeout(resolve, 2));
    const startedAt = performance.now();
    const published = publisher.publish([taskMessage(`wake-${round}`)]);
    const messages = await claim;
    took.push(performance.now() - startedAt);
    await published;
    await worker.publish([], messages.map(ackOf));
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(share * took.length)] ?? Number.NaN).toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

function report(name: string, results: readonly { rate: number; redisUs: number }[]): void {
  const sorted = (pick: (result: { rate: number; redisUs: number }) => number) =>
    results.map(pick).toSorted((a, b) => a - b);
  const [rates, costs] = [sorted(({ rate }) => rate), sorted(({ redisUs }) => redisUs)];
  const middle = Math.floor(results.length / 2);
  const figure = (value: number | undefined) => Math.round(value ?? Number.NaN).toLocaleString('en');
  const range = `${figure(rates[0])}-${figure(rates.at(-1))}`;
  console.log(`${name.padEnd(44)} ${figure(rates[middle])}/s (${range}), Redis ${costs[middle]?.toFixed(1)} us each`);
}

console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, ${repeats} repeats, median (min-max)`);
await publishAll(1000, 100, 1);
await drain(1000, 100);
for (const [batch, tenants, total] of [
  [100, 1, count],
  [100, 5, count],
  [1, 1, count / 10],
] as const) {
  const [publishes, drains] = [[], []] as { rate: number; redisUs: number }[][];
  for (let repeat = 0; repeat < repeats; repeat++) {
    publishes?.push(await measure(total, () => publishAll(total, batch, tenants)));
    drains?.push(await measure(total, () => drain(total, batch)));
  }
  report(`publish, batch ${batch}, ${tenants} tenant(s)`, publishes ?? []);
  report(`claim + acknowledge, batch ${batch}, ${tenants} tenant(s)`, drains ?? []);
}
console.log(`publish -> an idle worker has it: ${await wakeLatency(1000)}`);

for (const broker of [publisher, worker]) await broker.close();
for (const connection of [publishing, working]) await connection.close();
await server.stop();
