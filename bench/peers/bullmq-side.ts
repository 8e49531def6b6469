/** BullMQ with the same shapes: flows for chains and fans, addBulk for single jobs, a worker in another process. */
import { fileURLToPath } from 'node:url';

import { FlowProducer, Queue } from 'bullmq';
import type { FlowJob } from 'bullmq';

import { startChild } from '../mesh/child.ts';
import type { Servers } from '../mesh/servers.ts';
import { BULK, CHAIN, chunks, FAN, newRuns, PAYLOAD, sideOf } from '../mesh/side.ts';
import type { Shape, Side } from '../mesh/side.ts';
import { connectionOf, JOB_OPTIONS, PREFIX, QUEUE } from './bullmq-names.ts';
import type { JobData } from './bullmq-names.ts';
import { hearEndings } from './ended.ts';

const WORKER = fileURLToPath(new URL('bullmq-worker.ts', import.meta.url));

export async function startBullmq({ redisUrl }: Servers, slots: number): Promise<Side> {
  const worker = await startChild([WORKER, redisUrl, `${slots}`], { env: {}, nodeArgs: [] });
  const connection = connectionOf(redisUrl);
  const queue = new Queue<JobData>(QUEUE, { connection, prefix: PREFIX });
  const flows = new FlowProducer({ connection, prefix: PREFIX });
  const { endings, close } = await hearEndings(redisUrl, 'bullmq');
  const start = async (shape: Shape, runs: number): Promise<string[]> => {
    const ids = newRuns(runs);
    if (shape === 'W1') await Promise.all(ids.map((run) => flows.add(chain(CHAIN, run))));
    else {
      const jobs = ids.map((run) => ({ name: 'first', data: dataOf(shape, run), opts: JOB_OPTIONS }));
      await Promise.all(chunks(jobs, BULK).map((batch) => queue.addBulk(batch)));
    }
    return ids;
  };
  const stop = async (): Promise<void> => {
    await worker.stop();
    await flows.close();
    await queue.close();
    await close();
  };
  return sideOf({ name: 'BullMQ', shapes: ['W1', 'W2', 'W3'], pids: { worker: worker.pid }, endings, start, stop });
}

function dataOf(shape: Shape, run: string): JobData {
  return { payload: PAYLOAD, ...(shape === 'W2' ? { fan: { width: FAN, run } } : { ends: run }) };
}

/** The last job is the parent of the one before it, and so on. */
function chain(length: number, ends: string): FlowJob {
  const job = { queueName: QUEUE, opts: JOB_OPTIONS };
  let flow: FlowJob = { ...job, name: 'n0', data: { payload: PAYLOAD } };
  for (let n = 1; n < length; n++) flow = { ...job, name: `n${n}`, data: { payload: PAYLOAD }, children: [flow] };
  return { ...flow, data: { payload: PAYLOAD, ends } };
}
