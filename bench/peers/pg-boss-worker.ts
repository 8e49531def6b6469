/**
 * The worker process of the pg-boss side: fetches 200 jobs by one statement and completes them by another, as fast as it
 * goes. It looks again after 20 ms when there was nothing, and not at all while it is told `{ asleep: true }`.
 *
 *     node pg-boss-worker.ts REDIS_URL DATABASE_URL
 */
import { setTimeout as delay } from 'node:timers/promises';

import { PgBoss } from 'pg-boss';

import { PAYLOAD } from '../mesh/side.ts';
import { tellEndings } from './ended.ts';

const BATCH = 200;
const LOOPS = 2;
const IDLE_MS = 20;

const [redisUrl = '', connectionString = ''] = process.argv.slice(2);
const boss = new PgBoss({ connectionString, max: 10, supervise: true, schedule: false });
boss.on('error', console.error);
await boss.start();
const tell = await tellEndings(redisUrl, 'pg-boss');

let [stopping, asleep] = [false, false];
process.on('message', (order: { asleep: boolean }) => ({ asleep } = order));

async function work(): Promise<void> {
  while (!stopping) {
    const jobs = asleep ? [] : await boss.fetch('bench', { batchSize: BATCH });
    if (jobs.length === 0) await delay(IDLE_MS);
    else await complete(jobs);
  }
}

async function complete(jobs: readonly { id: string; data: object }[]): Promise<void> {
  await boss.complete(
    'bench',
    jobs.map(({ id }) => id),
    { payload: PAYLOAD },
  );
  for (const { data } of jobs) if ('run' in data) tell(String(data.run));
}

const loops = Promise.all(Array.from({ length: LOOPS }, work));
process.on('SIGTERM', () => {
  stopping = true;
  void loops.then(() => boss.stop({ graceful: false })).finally(() => process.exit(0));
});
console.log('ready');
