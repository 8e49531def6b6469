/**
 * The worker process of the BullMQ side: each job returns its payload. Ends are told after BullMQ has moved the job to
 * completed.
 *
 *     node bullmq-worker.ts REDIS_URL CONCURRENCY
 */
import { FlowProducer, Worker } from 'bullmq';
import type { Job } from 'bullmq';

import { connectionOf, JOB_OPTIONS, PREFIX, QUEUE } from './bullmq-names.ts';
import type { JobData } from './bullmq-names.ts';
import { tellEndings } from './ended.ts';

const [url = '', concurrency = '100'] = process.argv.slice(2);
const connection = connectionOf(url);
const tell = await tellEndings(url, 'bullmq');
const flows = new FlowProducer({ connection, prefix: PREFIX });
const worker = new Worker<JobData, { payload: string }>(QUEUE, run, {
  connection,
  prefix: PREFIX,
  concurrency: Number(concurrency),
});
await worker.waitUntilReady();

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

worker.on('completed', ({ data }) => {
  if (data.ends !== undefined) tell(data.ends);
});
worker.on('error', (error) => console.error(error));
worker.on('failed', (_, error) => console.error(error));

process.on('SIGTERM', () => {
  void worker
    .close()
    .then(() => flows.close())
    .then(() => process.exit(0));
});
console.log('ready');
