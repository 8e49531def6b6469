import type { EventBus, OnListenerError, RunNotice } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { runChannels, sharedBase } from './keys.ts';
import { Listeners, warnOfListenerError } from '@weft/engine/ports';
import { createSubscriptions } from './subscriptions.ts';
import type { Subscriptions } from './subscriptions.ts';
import { Scripts } from './scripts.ts';

export type RedisEventBusOptions = {
  /** What becomes of an error thrown by a listener (a process warning). */
  onListenerError?: OnListenerError;
};

export type RedisEventBus = EventBus & {
  /** Sends what is left and hears no more; the connection stays. */
  close(): Promise<void>;
};

/** Notices that go out in one round trip at most. */
const BATCH = 500;
/** Notices that wait for Redis at most; then the oldest are dropped, and their watchers find the steps by reading. */
const MOST_QUEUED = 10_000;

/**
 * Fan-out by pub/sub: a channel per run, and one for who hears all. Notices gather while the ones before are on their way.
 * A listener is told of a `gap` when its subscription has begun to work, and after each lost connection.
 */
export function createRedisEventBus(connection: RedisConnection, options: RedisEventBusOptions = {}): RedisEventBus {
  return new PubSubEventBus(connection, options.onListenerError ?? warnOfListenerError);
}

type OpenRun = { listeners: Listeners<RunNotice>; close: () => void };

class PubSubEventBus implements RedisEventBus {
  readonly #connection: RedisConnection;
  readonly #subscriptions: Subscriptions;
  readonly #onError: OnListenerError;
  readonly #scripts: Scripts;
  /** By run; null is for those who hear all. */
  readonly #byRun = new Map<string | null, OpenRun>();
  #queue: RunNotice[] = [];
  #sending: Promise<void> | null = null;

  constructor(connection: RedisConnection, onListenerError: OnListenerError) {
    this.#connection = connection;
    this.#onError = onListenerError;
    this.#scripts = new Scripts(connection.commands);
    this.#subscriptions = createSubscriptions(connection.subscriber, onListenerError);
  }

  publish(notices: readonly RunNotice[]): void {
    if (notices.length === 0 || this.#connection.commands.status !== 'ready') return;
    for (const notice of notices) this.#queue.push(notice);
    if (this.#queue.length > MOST_QUEUED) this.#queue = this.#queue.slice(-MOST_QUEUED);
    this.#flush();
  }

  #flush(): void {
    this.#sending ??= this.#send();
  }

  subscribe(runId: string | null, listener: (notice: RunNotice) => void): () => void {
    const run = this.#byRun.get(runId) ?? this.#open(runId);
    const end = run.listeners.add(listener);
    return () => {
      end();
      if (run.listeners.size > 0 || this.#byRun.get(runId) !== run) return;
      this.#byRun.delete(runId);
      run.close();
    };
  }

  async close(): Promise<void> {
    this.#subscriptions.close();
    this.#flush();
    await this.#sending;
  }

  /** However many listen to a run, what comes is decoded once. */
  #open(runId: string | null): OpenRun {
    const listeners = new Listeners<RunNotice>(this.#onError);
    const close = this.#subscriptions.subscribe(this.#channel(runId), {
      onMessage: (text) => {
        for (const notice of decodeNotices(text)) listeners.notify(notice);
      },
      onGap: () => listeners.notify({ kind: 'gap', runId }),
    });
    const run = { listeners, close };
    this.#byRun.set(runId, run);
    return run;
  }

  async #send(): Promise<void> {
    // All that is published in this turn goes together.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#sendBatch(this.#queue.splice(0, BATCH)).catch(() => undefined);
    this.#sending = null;
  }

  /** One script, since a command for each run costs this process more than all else about it. */
  async #sendBatch(batch: readonly RunNotice[]): Promise<void> {
    const texts = new Map(batch.map((notice) => [notice, JSON.stringify(notice)]));
    const textOf = (notices: readonly RunNotice[]): string =>
      `[${notices.map((notice) => texts.get(notice)).join(',')}]`;
    const byRun = Array.from(Map.groupBy(batch, (notice) => notice.runId));
    const args = byRun.flatMap(([runId, notices]) => [this.#channel(runId), textOf(notices)]);
    await this.#scripts.run('notify', sharedBase(this.#connection.prefix), [
      ...args,
      this.#channel(null),
      textOf(batch),
    ]);
  }

  #channel(runId: string | null): string {
    return runId === null ? `${this.#connection.prefix}runs` : `${runChannels(this.#connection.prefix)}${runId}`;
  }
}

/** What is on the channel was written by a Weft, perhaps of another version; what is none of ours is left out. */
function decodeNotices(text: string): RunNotice[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isNotice) : [];
  } catch {
    return [];
  }
}

function isNotice(value: unknown): value is RunNotice {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('runId' in value)) return false;
  if (typeof value.runId !== 'string') return false;
  return value.kind === 'step' || value.kind === 'live';
}
