/**
 * Deliveries to callbacks, spread over the processes by BullMQ. The outbox stands in the store: a job carries an id and no
 * decision, so one that is lost, late or doubled costs time only.
 */
import { warnOfListenerError } from '@weft/engine/ports';
import type { DeliveryQueue, OnListenerError } from '@weft/engine/ports';
import { Queue, Worker } from 'bullmq';

import { closeWorker, queuePrefix } from './bullmq-queue.ts';
import type { RedisConnection } from './connection.ts';

export type BullmqDeliveriesOptions = {
  /** What becomes of an error thrown by the work on a delivery (a process warning). */
  onListenerError?: OnListenerError;
  /** Hears of lost connections; they come back by themselves. By default nobody does. */
  onError?: (error: Error) => void;
};

export type BullmqDeliveries = DeliveryQueue & {
  /** Ends the part of this process in the queue; the connection stays. */
  close(): Promise<void>;
};

const QUEUE = 'deliveries';
/** They wait for receivers most of the time. */
const CONCURRENCY = 100;

export function createBullmqDeliveries(
  connection: RedisConnection,
  options: BullmqDeliveriesOptions = {},
): BullmqDeliveries {
  return new QueuedDeliveries(connection, options);
}

class QueuedDeliveries implements BullmqDeliveries {
  readonly #connection: RedisConnection;
  readonly #options: BullmqDeliveriesOptions;
  #queue: Queue<{ id: string }> | null = null;
  #worker: Worker<{ id: string }> | null = null;
  #closing: Promise<void> = Promise.resolve();

  constructor(connection: RedisConnection, options: BullmqDeliveriesOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async add(ids: readonly string[]): Promise<void> {
    this.#queue ??= this.#openQueue();
    // A job of its own each time: one that died with its process would keep its name for half a minute.
    const opts = { removeOnComplete: true, removeOnFail: true };
    await this.#queue.addBulk(ids.map((id) => ({ name: 'delivery', data: { id }, opts })));
  }

  onDelivery(work: (id: string) => Promise<void>): () => void {
    this.#stopWorker();
    this.#worker = this.#startWorker(work);
    return () => this.#stopWorker();
  }

  async close(): Promise<void> {
    this.#stopWorker();
    await this.#closing;
    await this.#queue?.close();
    this.#queue = null;
  }

  #openQueue(): Queue<{ id: string }> {
    const connection = this.#connection.connectBullmq('queue');
    const streams = { events: { maxLen: 100 } };
    const queue = new Queue<{ id: string }>(QUEUE, { connection, prefix: queuePrefix(this.#connection), streams });
    return queue.on('error', (error) => this.#options.onError?.(error));
  }

  #startWorker(work: (id: string) => Promise<void>): Worker<{ id: string }> {
    // A worker that closes ends its connection, so each has one of its own.
    const client = this.#connection.connectBullmq('worker');
    const options = { connection: client, prefix: queuePrefix(this.#connection), concurrency: CONCURRENCY };
    const worker = new Worker<{ id: string }>(
      QUEUE,
      async ({ data }) => {
        // Somebody else may have written to the queue.
        if (typeof data.id !== 'string') return;
        await work(data.id).catch(this.#options.onListenerError ?? warnOfListenerError);
      },
      options,
    );
    return worker.on('error', (error) => this.#options.onError?.(error));
  }

  #stopWorker(): void {
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) this.#closing = Promise.all([this.#closing, closeWorker(worker)]).then(() => undefined);
  }
}
