/**
 * A million queued tasks: what Redis holds of them, and how fast a worker that comes then takes them, beside a worker that
 * comes to 1,000 and to 20,000.
 *
 *     node bench/backlog.bench.ts [--tasks 1000000] [--scale 1] [--pairs 7] [--write]
 *
 * `--pairs` is how often a worker comes to each. It is stopped again after the first 20,000 ends.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { chain } from './mesh/documents.ts';
import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, atMost, fixed, publish, row, spread } from './mesh/results.ts';
import { rewriteRedisLog, startServers } from './mesh/servers.ts';
import { BULK } from './mesh/side.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';

const { tasks, scale, pairs } = readNumbers({ tasks: 1_000_000 });
const LARGE = Math.ceil(tasks * scale);
const MANY = Math.min(20_000, LARGE);
const FEW = 1000;
/** At most so much slower with the large backlog, and so much more memory. */
const AS_FAST = 0.9;
const MEMORY = 1.2;

/** Ends a second among the first 1,000 and among all that were waited for. */
type Drain = { first: number; all: number };

const servers = await startServers();
const weft = await startWeft(servers, { workers: 0 });
const { endings } = weft;

async function fill(count: number): Promise<void> {
  const workflow = await weft.save(chain(1));
  for (let left = count; left > 0; left -= BULK) {
    await startMany(
      weft,
      Array.from({ length: Math.min(left, BULK) }, () => ({ workflow })),
    );
    if (left < count && (count - left) % 100_000 === 0) console.log(`${count - left} of ${count} are queued`);
  }
}

async function redisMiB(): Promise<number> {
  await rewriteRedisLog(servers);
  const info = await servers.redis.commands.info('memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]) / 2 ** 20;
}

/** A new worker comes; it is as cold every time, so the figures can be compared. The clock starts at the first end. */
async function drain(count: number): Promise<Drain> {
  const before = endings.count;
  const worker = await weft.startWorker();
  await endings.reach(before + 1);
  const [startedAt, early] = [performance.now(), endings.count];
  const rateUntil = async (goal: number): Promise<number> => {
    await endings.reach(before + goal);
    return (endings.count - early) / ((performance.now() - startedAt) / 1000);
  };
  const first = await rateUntil(Math.min(FEW, count));
  const all = await rateUntil(count);
  await worker.stop();
  return { first, all };
}

type Level = { name: string; memory: number; drains: Drain[] };

async function measureSmall(count: number): Promise<Level> {
  const level: Level = { name: count.toLocaleString('en'), memory: Number.NaN, drains: [] };
  for (let n = 0; n < pairs; n++) {
    await fill(count);
    if (n === 0) level.memory = await redisMiB();
    level.drains.push(await drain(count));
  }
  return level;
}

async function measureLarge(): Promise<Level> {
  const startedAt = performance.now();
  await fill(LARGE);
  console.log(`${LARGE} were queued in ${fixed((performance.now() - startedAt) / 1000, 0)} s`);
  await delay(2000);
  const level: Level = { name: LARGE.toLocaleString('en'), memory: await redisMiB(), drains: [] };
  const times = Math.min(pairs, Math.floor(LARGE / MANY));
  for (let n = 0; n < times; n++) level.drains.push(await drain(MANY));
  return level;
}

try {
  const empty = await redisMiB();
  const levels = [await measureSmall(FEW), await measureSmall(MANY), await measureLarge()] as const;
  const [few, many, large] = levels;
  const rate = ({ drains }: Level, which: keyof Drain): number[] => drains.map((one) => one[which]);
  const middle = (level: Level, which: keyof Drain): number => quantile(rate(level, which), 0.5);
  const rowOf = (level: Level): string =>
    row(level.name, fixed(level.memory, 1), spread(rate(level, 'first'), 0), spread(rate(level, 'all'), 0));
  const [first, all] = [middle(large, 'first') / middle(few, 'first'), middle(large, 'all') / middle(many, 'all')];
  await publish({
    title: 'A large backlog',
    notes: `Single tasks on one lane, queued while no worker is there; then a new worker comes, ${pairs} times. Rates are medians (quartiles), from the first end on. Redis used ${fixed(empty, 1)} MiB when empty.`,
    body: [
      `| queued | Redis, MiB | first ${FEW.toLocaleString('en')}, ends/s | first ${MANY.toLocaleString('en')} (or all), ends/s |`,
      '|--:|--:|--:|--:|',
      ...levels.map(rowOf),
      '',
      `Redis with ${large.name} / with ${few.name}: ${fixed(large.memory / few.memory, 2)}, ${atMost(MEMORY, large.memory / few.memory)}.`,
      `Ends a second with ${large.name} / with ${few.name}: ${fixed(first, 2)}, ${atLeast(AS_FAST, first)};`,
      `with ${large.name} / with ${many.name}: ${fixed(all, 2)}, ${atLeast(AS_FAST, all)}.`,
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
