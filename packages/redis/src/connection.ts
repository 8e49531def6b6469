/**
 * The connections of one process to Redis, one per role, since what is right for one is wrong for another: a command must
 * fail soon, a blocking read must wait, a subscription must come back by itself.
 */
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

import { checkRedis } from './check-redis.ts';
import { RedisError } from './redis-error.ts';

export type OpenRedisOptions = {
  /** `redis://[[user]:password@]host[:port][/db]`, or `rediss://`. */
  url: string;
  /** Begins every key and channel (`weft:`). */
  prefix?: string;
  /** How long to wait at first for a Redis that is not up yet, ms (10,000). */
  waitMs?: number;
  /** Hears of lost connections; they come back by themselves. By default nobody does. */
  onError?: (error: Error) => void;
};

export type RedisConnection = {
  readonly prefix: string;
  /** For short commands: fails fast when Redis is away. Resent once after a reconnect, so all it sends is idempotent. */
  readonly commands: Redis;
  /** For one blocking read at a time. */
  readonly blocking: Redis;
  /** For subscriptions only. */
  readonly subscriber: Redis;
  /** A further connection as BullMQ wants it for a queue or for a worker; closed with the others. */
  connectBullmq(role: 'queue' | 'worker'): Redis;
  close(): Promise<void>;
};

type RoleOptions = RedisOptions & { replyMapping?: 'legacy' };

const COMMON: RoleOptions = { connectTimeout: 5000, lazyConnect: true, retryStrategy: (times) => retryDelayMs(times) };
const COMMANDS: RoleOptions = {
  ...COMMON,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 2000,
  socketTimeout: 5000,
};
/** The longest wait of a blocking read must be well below this. It ends a connection that is open on our side only. */
const SOCKET_TIMEOUT_MS = 15_000;
const PATIENT: RoleOptions = { ...COMMON, maxRetriesPerRequest: null, socketTimeout: SOCKET_TIMEOUT_MS };
/** A blocking read that was cut fails at once: who waits has to look again before it waits on. */
const BLOCKING: RoleOptions = { ...COMMON, maxRetriesPerRequest: 0, socketTimeout: SOCKET_TIMEOUT_MS };
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Connects and checks the server.
 *
 * @throws RedisError `redis_unreachable`, `redis_too_old` or `redis_evicts`
 */
export async function openRedis(options: OpenRedisOptions): Promise<RedisConnection> {
  const connection = new RoleConnections(options);
  try {
    await untilReady(connection.commands, options);
    await checkRedis(connection.commands);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class RoleConnections implements RedisConnection {
  readonly prefix: string;
  readonly commands: Redis;
  readonly blocking: Redis;
  readonly subscriber: Redis;
  readonly #options: OpenRedisOptions;
  readonly #clients: Redis[] = [];

  constructor(options: OpenRedisOptions) {
    this.#options = options;
    this.prefix = options.prefix ?? 'weft:';
    this.commands = this.#client(COMMANDS);
    this.blocking = this.#client(BLOCKING);
    this.subscriber = this.#client(PATIENT);
  }

  connectBullmq(role: 'queue' | 'worker'): Redis {
    return this.#client(role === 'queue' ? { ...COMMANDS, maxRetriesPerRequest: null } : PATIENT);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => closeClient(client)));
  }

  #client(role: RoleOptions): Redis {
    const client = new Redis(this.#options.url, role);
    client.on('error', (error: Error) => this.#options.onError?.(error));
    this.#clients.push(client);
    return client;
  }
}

/** Soon at first, for a restart; then twice a second at most, and not all processes at the same moment. */
function retryDelayMs(times: number): number {
  const delayMs = Math.min(500, 20 * 2 ** Math.min(times, 6));
  return delayMs / 2 + (Math.random() * delayMs) / 2;
}

async function untilReady(client: Redis, { waitMs = 10_000 }: OpenRedisOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let reason: unknown = null;
  client.on('error', (error: Error) => void (reason = error));
  client.once('ready', resolve);
  client.once('end', () => reject(new Error('the connection was closed', { cause: reason })));
  const timeout = setTimeout(() => reject(new Error('no answer', { cause: reason })), waitMs);
  client.connect().catch((error: unknown) => void (reason ??= error));
  try {
    await promise;
  } catch (error) {
    const { host, port } = client.options;
    const message = `Redis does not answer at ${host}:${port} (${messageOf(reason ?? error)}): start it, or set REDIS_URL`;
    throw new RedisError('redis_unreachable', message, { cause: error });
  } finally {
    clearTimeout(timeout);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'no answer';
}

/** Lets what was sent be answered, but waits for no server that is away. */
async function closeClient(client: Redis): Promise<void> {
  if (client.status === 'ready') {
    const timeout = setTimeout(() => client.disconnect(), CLOSE_TIMEOUT_MS);
    await client.quit().catch(() => undefined);
    clearTimeout(timeout);
  }
  client.disconnect();
}
