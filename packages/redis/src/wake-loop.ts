/**
 * Claims of this process that found nothing, and the one blocking read that waits for all of them.
 *
 * A token in a wake list means: look at the lane. It is given to the claim that has waited longest; a token that meets no
 * claim any more is passed on. Tokens may be lost with a connection or a process, so all claims look again after a
 * reconnect and now and then.
 */
import type { Redis } from 'ioredis';

import { ClaimQueue } from './claim-queue.ts';
import type { QueuedClaim } from './claim-queue.ts';
import type { RedisConnection } from './connection.ts';

/** Well below the socket timeout of the blocking connection. */
const LOOK_AGAIN_S = 5;
const RETRY_MS = 100;
const UNBLOCK_TRIES = 50;

type WaitingClaim<T> = { keys: readonly string[]; look: () => Promise<T | null>; signal: AbortSignal };

export class WakeLoop {
  readonly #connection: RedisConnection;
  readonly #queue = new ClaimQueue();
  #blockedOn: readonly string[] | null = null;
  #clientId: string | null = null;
  #unblocking = false;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    connection.blocking.on('close', this.#forgetClientId);
    connection.commands.on('ready', this.lookAgain);
  }

  /** Waits until `look` has found something, which it tries at each token in one of `keys`; null once `signal` aborts. */
  wait<T>(claim: WaitingClaim<T>): Promise<T | null> {
    const { keys, signal, look } = claim;
    const { promise, resolve } = Promise.withResolvers<T | null>();
    const end = (found: T | null): void => {
      signal.removeEventListener('abort', onAbort);
      this.#queue.remove(queued);
      resolve(found);
    };
    const queued: QueuedClaim = {
      keys,
      isLooking: false,
      isOver: () => signal.aborted || this.#closed,
      end: () => end(null),
      look: async () => {
        const found = await look();
        if (found !== null) end(found);
      },
    };
    // One that is looking may have found something already: it ends when it knows.
    const onAbort = (): void => {
      if (!queued.isLooking) queued.end();
      this.#adjust();
    };
    signal.addEventListener('abort', onAbort);
    this.#queue.add(queued);
    if (queued.isOver()) queued.end();
    this.#adjust();
    return promise;
  }

  /** Ends all claims with nothing. */
  async close(): Promise<void> {
    this.#stop();
    await this.#running;
  }

  #stop(): void {
    this.#closed = true;
    this.#connection.blocking.off('close', this.#forgetClientId);
    this.#connection.commands.off('ready', this.lookAgain);
    for (const claim of this.#queue.idle()) claim.end();
    this.#adjust();
  }

  /** Lets the blocking read fit the claims that wait: starts it, or ends one that waits for other tokens. */
  #adjust(): void {
    const keys = this.#queue.keys();
    if (this.#running === null && keys.length > 0 && !this.#closed) {
      this.#running = this.#run().finally(() => {
        this.#running = null;
        if (!this.#closed && this.#queue.keys().length > 0) this.#adjust();
      });
    } else if (this.#blockedOn !== null && !isSame(this.#blockedOn, keys)) {
      void this.#unblock();
    }
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const keys = this.#queue.keys();
      if (keys.length === 0) return;
      try {
        const token = await this.#nextToken(keys);
        if (token !== null) await this.#give(token);
        else if (!this.#unblocking) this.lookAgain();
      } catch {
        // The connection comes back by itself; what was pushed meanwhile may be lost.
        if (this.#connection.blocking.status === 'end') return this.#stop();
        await pause(RETRY_MS);
        this.lookAgain();
      }
    }
  }

  /** The key whose list had a token; null after a while, or when the read was ended by `#unblock`. */
  async #nextToken(keys: readonly string[]): Promise<string | null> {
    const { blocking } = this.#connection;
    this.#clientId ??= String(await blocking.client('ID'));
    if (!isSame(keys, this.#queue.keys())) return null;
    this.#unblocking = false;
    this.#blockedOn = keys;
    try {
      const reply = await blocking.blmpop(LOOK_AGAIN_S, keys.length, ...keys, 'RIGHT');
      return reply === null ? null : reply[0];
    } finally {
      this.#blockedOn = null;
    }
  }

  async #give(key: string): Promise<void> {
    const claim = this.#queue.idle().find(({ keys }) => keys.includes(key));
    if (claim === undefined) await this.#connection.commands.lpush(key, 1);
    else void this.#look(claim);
  }

  /** Lets every claim that waits look once more. */
  readonly lookAgain = (): void => {
    for (const claim of this.#queue.idle()) void this.#look(claim);
  };

  readonly #forgetClientId = (): void => {
    this.#clientId = null;
  };

  async #look(claim: QueuedClaim): Promise<void> {
    claim.isLooking = true;
    try {
      await claim.look();
    } catch {
      // Redis is away: the claim waits on and looks again when it is back.
    } finally {
      claim.isLooking = false;
      if (claim.isOver()) claim.end();
      this.#adjust();
    }
  }

  /** The read may not have reached Redis yet when it is to be ended, so this is tried until it has ended. */
  async #unblock(): Promise<void> {
    if (this.#unblocking || this.#clientId === null) return;
    this.#unblocking = true;
    const blockedOn = this.#blockedOn;
    for (let tries = 0; tries < UNBLOCK_TRIES && this.#blockedOn === blockedOn && this.#clientId !== null; tries++) {
      const ended = await unblock(this.#connection.commands, this.#clientId);
      if (ended) return;
    }
  }
}

async function unblock(commands: Redis, clientId: string): Promise<boolean> {
  try {
    return (await commands.client('UNBLOCK', clientId)) === 1;
  } catch {
    return false;
  }
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  return keys.length === others.length && keys.every((key) => others.includes(key));
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms).unref();
  return promise;
}
