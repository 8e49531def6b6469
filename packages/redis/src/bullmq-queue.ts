/** What all our queues of BullMQ have in common. */
import type { Worker } from 'bullmq';

import type { RedisConnection } from './connection.ts';

const CLOSE_TIMEOUT_MS = 1000;

/** The braces keep all keys of a queue in one slot of a Redis Cluster. */
export function queuePrefix({ prefix }: RedisConnection): string {
  return `{${prefix.replace(/:$/, '')}}`;
}

/** A worker whose Redis is away may wait for it for ever: then its connection is cut. */
export async function closeWorker(worker: Pick<Worker, 'close' | 'disconnect'>): Promise<void> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timeout = setTimeout(resolve, CLOSE_TIMEOUT_MS);
  await Promise.race([worker.close(), tooLate]);
  clearTimeout(timeout);
  await Promise.race([worker.disconnect().catch(() => undefined), nextTurn()]);
}

function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}
