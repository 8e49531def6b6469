/** BullMQ with the same shapes: flows for chains and fans, addBulk for single jobs, a worker in another process. */
import { fileURLToPath } from 'node:url';

import { openRedis } from '@weft/redis';
import { FlowProducer, Queue } from 'bullmq';
import type { FlowJob } from 'bullmq';

import { startChild } from '../mesh/child.ts';
import { Endings } from '../mesh/endings.ts';
import type { Servers } from '../mesh/servers.ts';
import { BULK, CHAIN, chunks, FAN, PAYLOAD } from '../mesh/side.ts';
import type { Side } from '../mesh/side.ts';
import { connectionOf, ENDINGS, JOB_OPTIONS, PREFIX, QUEUE } from './bullmq-names.ts';
import type { JobData } from './bullmq-names.ts';

const WORKER = fileURLToPath(new URL('bullmq-worker.ts', import.meta.url));

export type BullmqOptions = { concurrency: number; nodeArgs: readonly string[] };

export async function startBullmq({ redisUrl }: Servers, { concurrency, nodeArgs }: BullmqOptions): Promise<Side> {
  const worker = await startChild([WORKER, redisUrl, `${concurrency}`], { env: {}, nodeArgs });
  const connection = connectionOf(redisUrl);
  const queue = new Queue<JobData>(QUEUE, { connection, prefix: PREFIX });
  const flows = new FlowProducer({ connection, prefix: PREFIX });
  const redis = await openRedis({ url: redisUrl });
  const endings = new Endings();
  redis.subscriber.on('message', (_, text: string) => {
    for (const id of text.split(' ')) endings.add(id);
  });
  await redis.subscriber.subscribe(ENDINGS);
  let next = 0;
  const newRun = (): string => `${next++}`;
  const runAtOnce = async (runs: number, dataOf: (run: string) => JobData): Promise<void> => {
    const ids = Array.from({ length: runs }, newRun);
    const jobs = ids.map((run) => ({ name: 'first', data: dataOf(run), opts: JOB_OPTIONS }));
    await Promise.all(chunks(jobs, BULK).map((batch) => queue.addBulk(batch)));
    await endings.of(ids);
  };
  return {
    name: 'BullMQ',
    pids: [worker.pid],
    async chains({ runs }) {
      const took: number[] = [];
      for (let n = 0; n < runs; n++) {
        const startedAt = performance.now();
        const run = newRun();
        await flows.add(chain(CHAIN, run));
        await endings.of([run]);
        took.push(performance.now() - startedAt);
      }
      return took;
    },
    fans: ({ runs }) => runAtOnce(runs, (run) => ({ payload: PAYLOAD, fan: { width: FAN, run } })),
    singles: ({ runs }) => runAtOnce(runs, (run) => ({ payload: PAYLOAD, ends: run })),
    async stop() {
      await worker.stop();
      await flows.close();
      await queue.close();
      await redis.close();
    },
  };
}

/** The last job is the parent of the one before it, and so on. */
function chain(length: number, ends: string): FlowJob {
  const job = { queueName: QUEUE, opts: JOB_OPTIONS };
  let flow: FlowJob = { ...job, name: 'n0', data: { payload: PAYLOAD } };
  for (let n = 1; n < length; n++) flow = { ...job, name: `n${n}`, data: { payload: PAYLOAD }, children: [flow] };
  return { ...flow, data: { payload: PAYLOAD, ends } };
}
