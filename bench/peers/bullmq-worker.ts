/**
 * The worker process of the BullMQ side: each job returns its payload. Ends are told by pub/sub after BullMQ has moved the
 * job to completed, those of one turn together.
 *
 *     node bullmq-worker.ts REDIS_URL CONCURRENCY
 */
import { openRedis } from '@weft/redis';
import { FlowProducer, Worker } from 'bullmq';
import type { Job } from 'bullmq';

import { connectionOf, ENDINGS, JOB_OPTIONS, PREFIX, QUEUE } from './bullmq-names.ts';
import type { JobData } from './bullmq-names.ts';

const [url = '', concurrency = '100'] = process.argv.slice(2);
const connection = connectionOf(url);
const flows = new FlowProducer({ connection, prefix: PREFIX });
const worker = new Worker<JobData, { payload: string }>(QUEUE, run, {
  connection,
  prefix: PREFIX,
  concurrency: Number(concurrency),
});
await worker.waitUntilReady();
const redis = await openRedis({ url });

async function run({ data }: Job<JobData>): Promise<{ payload: string }> {
  if (data.fan) await addFan(data.payload, data.fan);
  return { payload: data.payload };
}

/** A flow is a tree, so what has one source and one sink is a job that adds the rest. */
async function addFan(payload: string, { width, run: ends }: NonNullable<JobData['fan']>): Promise<void> {
  const job = { queueName: QUEUE, opts: JOB_OPTIONS };
  const children = Array.from({ length: width }, (_, n) => ({ ...job, name: `w${n}`, data: { payload } }));
  await flows.add({ ...job, name: 'last', data: { payload, ends }, children });
}

let ended: string[] = [];
worker.on('completed', ({ data }) => {
  if (data.ends === undefined) return;
  ended.push(data.ends);
  if (ended.length === 1) setImmediate(tell);
});
worker.on('error', (error) => console.error(error));
worker.on('failed', (_, error) => console.error(error));

function tell(): void {
  redis.commands.publish(ENDINGS, ended.join(' ')).catch(console.error);
  ended = [];
}

process.on('SIGTERM', () => {
  void worker
    .close()
    .then(() => flows.close())
    .then(() => process.exit(0));
});
console.log('ready');
