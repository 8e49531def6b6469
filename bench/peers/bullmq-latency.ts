/** BullMQ as it answers when idle: one job at a time, whose processor tells when it was started. */
import { fileURLToPath } from 'node:url';

import { Queue } from 'bullmq';

import { startChild } from '../mesh/child.ts';
import { sharedMs } from '../mesh/handlers.ts';
import type { Servers } from '../mesh/servers.ts';
import { PAYLOAD } from '../mesh/side.ts';
import { connectionOf, JOB_OPTIONS, LATENCY_QUEUE, PREFIX } from './bullmq-names.ts';

const WORKER = fileURLToPath(new URL('bullmq-latency-worker.ts', import.meta.url));

export async function startLatencyQueue({ redisUrl }: Servers) {
  const worker = await startChild([WORKER, redisUrl], { env: {}, nodeArgs: [], channel: true });
  const queue = new Queue(LATENCY_QUEUE, { connection: connectionOf(redisUrl), prefix: PREFIX });
  let started: (at: number) => void = () => {};
  worker.onMessage((at) => started(Number(at)));
  return {
    name: 'BullMQ',
    async once() {
      const { promise, resolve } = Promise.withResolvers<number>();
      started = resolve;
      const calledAt = sharedMs();
      await queue.add('only', { payload: PAYLOAD }, JOB_OPTIONS);
      const answerMs = sharedMs() - calledAt;
      return { startMs: (await promise) - calledAt, answerMs };
    },
    async stop() {
      await worker.stop();
      await queue.close();
    },
  };
}
