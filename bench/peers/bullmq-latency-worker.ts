/**
 * The worker process of the latency bench: tells its parent when a job was started.
 *
 *     node bullmq-latency-worker.ts REDIS_URL
 */
import { Worker } from 'bullmq';

import { sharedMs } from '../mesh/handlers.ts';
import { connectionOf, LATENCY_QUEUE, PREFIX } from './bullmq-names.ts';

const [url = ''] = process.argv.slice(2);
const started: number[] = [];
const worker = new Worker(LATENCY_QUEUE, async () => started.push(sharedMs()), {
  connection: connectionOf(url),
  prefix: PREFIX,
});
worker.on('completed', () => process.send?.(started.shift()));
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
console.log('ready');
