/**
 * The turns of a fleet, by BullMQ's job schedulers. Redis may lose them: whoever looks next asks for them anew. A chore
 * does no harm when it is done twice, so nothing rests on a turn being the only one.
 */
import type { Chore, Housekeeping, OnListenerError } from '@weft/engine/ports';
import { Queue, WaitingError, Worker } from 'bullmq';
import type { Job } from 'bullmq';

import { closeWorker, queuePrefix } from './bullmq-queue.ts';
import type { RedisConnection } from './connection.ts';
import { warnOfListenerError } from '@weft/engine/ports';

export type BullmqHousekeepingOptions = {
  /** Those who share turns name the same queue (`chores`). */
  queue?: string;
  /** What becomes of an error thrown by the work of a turn (a process warning). */
  onListenerError?: OnListenerError;
  /** Hears of lost connections; they come back by themselves. By default nobody does. */
  onError?: (error: Error) => void;
};

export type BullmqHousekeeping = Housekeeping & {
  /** Ends the part of this process in the queue; the connection stays. */
  close(): Promise<void>;
};

type Work = (name: string) => Promise<void>;

const CHORES = 'chores';
/** A turn that is so late beyond its period has been lost with the process that had it. */
const LOST_AFTER_MS = 60_000;

/** A turn is given to one of the processes that work. */
export function createBullmqHousekeeping(
  connection: RedisConnection,
  options: BullmqHousekeepingOptions = {},
): BullmqHousekeeping {
  return new ScheduledChores(connection, options);
}

class ScheduledChores implements BullmqHousekeeping {
  readonly #connection: RedisConnection;
  readonly #options: BullmqHousekeepingOptions;
  readonly #workers = new Set<{ work: Work }>();
  #queue: Queue | null = null;
  #worker: Worker | null = null;
  #closing: Promise<void> = Promise.resolve();

  constructor(connection: RedisConnection, options: BullmqHousekeepingOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async keep(chores: readonly Chore[]): Promise<void> {
    this.#queue ??= this.#openQueue();
    const queue = this.#queue;
    await Promise.all(chores.map((chore) => keepChore(queue, chore)));
  }

  onTurn(work: Work): () => void {
    const entry = { work };
    this.#workers.add(entry);
    this.#worker ??= this.#startWorker();
    return () => {
      this.#workers.delete(entry);
      if (this.#workers.size === 0) this.#stopWorker();
    };
  }

  async close(): Promise<void> {
    this.#workers.clear();
    this.#stopWorker();
    await this.#closing;
    await this.#queue?.close();
    this.#queue = null;
  }

  #openQueue(): Queue {
    const connection = this.#connection.connectBullmq('queue');
    const streams = { events: { maxLen: 100 } };
    const queue = new Queue(this.#options.queue ?? CHORES, {
      connection,
      prefix: queuePrefix(this.#connection),
      streams,
    });
    return queue.on('error', (error) => this.#options.onError?.(error));
  }

  #startWorker(): Worker {
    // A worker that closes ends its connection, so each has one of its own.
    const client = this.#connection.connectBullmq('worker');
    const options = { connection: client, prefix: queuePrefix(this.#connection) };
    const worker = new Worker(this.#options.queue ?? CHORES, (job, token) => this.#takeTurn(job, token), options);
    return worker.on('error', (error) => this.#options.onError?.(error));
  }

  #stopWorker(): void {
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) this.#closing = Promise.all([this.#closing, closeWorker(worker)]).then(() => undefined);
  }

  /** What was fetched while the last one left is put back for another process. */
  async #takeTurn(job: Job, token: string | undefined): Promise<void> {
    const [entry] = this.#workers;
    if (entry === undefined) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    try {
      await entry.work(job.name);
    } catch (error) {
      (this.#options.onListenerError ?? warnOfListenerError)(error);
    }
  }
}

/** Asked for only if it is missing, another, or stuck. Of several who ask at once the scheduler lets one succeed. */
async function keepChore(queue: Queue, { name, everyMs }: Chore): Promise<void> {
  const known = await queue.getJobScheduler(name);
  const isStuck = (known?.next ?? 0) < Date.now() - everyMs - LOST_AFTER_MS;
  if (known?.every === everyMs && !isStuck) return;
  await queue.upsertJobScheduler(
    name,
    { every: everyMs },
    { name, opts: { removeOnComplete: true, removeOnFail: true } },
  );
}
