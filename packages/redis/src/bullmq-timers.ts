/**
 * Wake-ups by BullMQ's delayed jobs (rule A12). The due time stands in the store: a job carries the timer and no decision,
 * so one that is lost, late or doubled costs time only.
 */
import { createHash } from 'node:crypto';

import type { Clock, DueTimer, OnListenerError, Timers } from '@weft/engine/ports';
import { Queue, Worker } from 'bullmq';
import type { Job } from 'bullmq';

import { closeWorker, queuePrefix } from './bullmq-queue.ts';
import type { RedisConnection } from './connection.ts';
import { Listeners, warnOfListenerError } from '@weft/engine/ports';
import { NearTimers } from './near-timers.ts';

export type BullmqTimersOptions = {
  clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Shorter waits than this are kept in this process (250 ms). */
  nearMs?: number;
  /** What becomes of an error thrown by a listener (a process warning). */
  onListenerError?: OnListenerError;
  /** Hears of lost connections; they come back by themselves. By default nobody does. */
  onError?: (error: Error) => void;
};

export type BullmqTimers = Timers & {
  /** Forgets what this process would have woken itself, and ends its part in the queue; the connection stays. */
  close(): Promise<void>;
};

type TimerJob = Omit<DueTimer, 'inMs'>;

/** A job is 34 to 85 ms late when the queue is idle. */
const DEFAULT_NEAR_MS = 250;
/** A job that has not come this long after its time is taken for lost. */
const LOST_AFTER_MS = 1000;
const FORGET_EVERY_MS = 10_000;
const BATCH = 1000;
const CONCURRENCY = 100;
const QUEUE = 'timers';

/** Jobs are taken by the processes that have a listener, each by one of them. */
export function createBullmqTimers(connection: RedisConnection, options: BullmqTimersOptions): BullmqTimers {
  return new DelayedJobTimers(connection, options);
}

class DelayedJobTimers implements BullmqTimers {
  readonly #connection: RedisConnection;
  readonly #options: BullmqTimersOptions;
  readonly #listeners: Listeners<readonly DueTimer[]>;
  readonly #near: NearTimers;
  /** Timers that the queue holds, as far as this process knows, with the monotonic time until which that is believed. */
  readonly #queued = new Map<string, number>();
  #forgottenAt = 0;
  #queue: Queue<TimerJob> | null = null;
  #worker: Worker<TimerJob> | null = null;
  #due: DueTimer[] = [];
  #closing: Promise<void> = Promise.resolve();

  constructor(connection: RedisConnection, options: BullmqTimersOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#listeners = new Listeners(options.onListenerError ?? warnOfListenerError);
    this.#near = new NearTimers(options.clock, (timers) => this.#listeners.notify(timers));
  }

  async schedule(timers: readonly DueTimer[]): Promise<void> {
    const { clock, nearMs = DEFAULT_NEAR_MS } = this.#options;
    const now = clock.monotonicMs();
    this.#forgetExpired(now);
    const asked = new Map(timers.map((timer) => [idOf(timer), timer]));
    const unknown = Array.from(asked).filter(([id]) => (this.#queued.get(id) ?? -Infinity) < now);
    this.#near.add(unknown.filter(([, timer]) => timer.inMs < nearMs));
    const far = unknown.filter(([, timer]) => timer.inMs >= nearMs);
    for (let at = 0; at < far.length; at += BATCH) await this.#enqueue(far.slice(at, at + BATCH), now);
  }

  onDue(listener: (timers: readonly DueTimer[]) => void): () => void {
    const end = this.#listeners.add(listener);
    this.#worker ??= this.#startWorker();
    return () => {
      end();
      if (this.#listeners.size === 0) this.#stopWorker();
    };
  }

  async close(): Promise<void> {
    this.#near.clear();
    this.#stopWorker();
    await this.#closing;
    await this.#queue?.close();
    this.#queue = null;
  }

  async #enqueue(timers: readonly [string, DueTimer][], now: number): Promise<void> {
    this.#queue ??= this.#openQueue();
    const jobs = timers.map(([jobId, { inMs, ...data }]) => {
      const opts = { jobId, delay: Math.ceil(inMs), removeOnComplete: true, removeOnFail: true };
      return { name: 'timer', data, opts };
    });
    await this.#queue.addBulk(jobs);
    for (const [id, { inMs }] of timers) this.#queued.set(id, now + inMs + LOST_AFTER_MS);
  }

  #openQueue(): Queue<TimerJob> {
    const connection = this.#connection.connectBullmq('queue');
    const streams = { events: { maxLen: 100 } };
    const queue = new Queue<TimerJob>(QUEUE, { connection, prefix: queuePrefix(this.#connection), streams });
    return queue.on('error', (error) => this.#options.onError?.(error));
  }

  #startWorker(): Worker<TimerJob> {
    // A worker that closes ends its connection, so each has one of its own.
    const client = this.#connection.connectBullmq('worker');
    const options = { connection: client, prefix: queuePrefix(this.#connection), concurrency: CONCURRENCY };
    const worker = new Worker<TimerJob>(QUEUE, async () => undefined, options);
    worker.on('error', (error) => this.#options.onError?.(error));
    // Not within the job: until it is removed, the same timer could not be asked for again.
    worker.on('completed', (job) => this.#wake(job));
    return worker;
  }

  #stopWorker(): void {
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) this.#closing = Promise.all([this.#closing, closeWorker(worker)]).then(() => undefined);
  }

  #wake({ id, data }: Job<TimerJob>): void {
    if (id !== undefined) this.#queued.delete(id);
    if (!isTimer(data)) return;
    if (this.#due.length === 0) setImmediate(() => this.#listeners.notify(this.#due.splice(0)));
    this.#due.push({ ...data, inMs: 0 });
  }

  #forgetExpired(now: number): void {
    if (now - this.#forgottenAt < FORGET_EVERY_MS) return;
    this.#forgottenAt = now;
    for (const [id, until] of this.#queued) if (until < now) this.#queued.delete(id);
  }
}

/** BullMQ separates by colons and refuses numbers, so an id is a hash behind a letter. */
function idOf({ runId, key, kind, attempt, dueAt }: DueTimer): string {
  const name = JSON.stringify([runId, key, kind, attempt, dueAt]);
  return `t${createHash('sha256').update(name).digest('base64url').slice(0, 22)}`;
}

/** Somebody else may have written to the queue. */
function isTimer(data: Partial<Record<keyof TimerJob, unknown>>): data is TimerJob {
  const { runId, key, kind, attempt, dueAt } = data;
  const isNamed = typeof runId === 'string' && typeof key === 'string' && typeof kind === 'string';
  return isNamed && typeof attempt === 'number' && typeof dueAt === 'number';
}
