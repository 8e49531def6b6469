import { guardedSocket } from '@weft/executors/outgoing/guarded-socket';
import { AbstractConnector, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

import type { BrokerLogin } from '../replies/broker-login.ts';
import { DeliveryError } from '../replies/request-reply.ts';
import type { StreamAddress } from './redis-stream-url.ts';

export type StreamLogin = BrokerLogin & { db: number };

type StreamOptions = RedisOptions & { replyMapping?: 'legacy' };

const COMMON: StreamOptions = {
  connectTimeout: 5_000,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  lazyConnect: true,
  retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 4), 1_000),
};
/** A command is answered soon, a blocking read within its wait. */
const COMMAND_MS = 5_000;
const SOCKET_MS = 15_000;
/** What is on its way when a connection is closed gets so long. */
const DISCONNECT_MS = 2_000;

/** A connection to the Redis of an endpoint; it comes back by itself until it is closed. Connects when told to. */
export function streamConnection(address: StreamAddress, login: StreamLogin, role: 'commands' | 'blocking'): Redis {
  const { host, port, isTls } = address;
  const options: StreamOptions = {
    ...COMMON,
    Connector: guardedConnector({ host, port, isTls }),
    ...login,
    // Says no more than that it waits for the handshake.
    ...(isTls ? { tls: {} } : {}),
    ...(role === 'commands' ? { commandTimeout: COMMAND_MS } : {}),
    socketTimeout: SOCKET_MS,
  };
  const client = new Redis(options);
  // Whoever uses it hears of what concerns it.
  client.on('error', () => undefined);
  // Each call that waits for the connection listens.
  client.setMaxListeners(0);
  return client;
}

/** Connects to where it was told to, if that is allowed. */
function guardedConnector(place: Parameters<typeof guardedSocket>[0]): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS);
    }

    override connect() {
      this.connecting = true;
      const stream = guardedSocket(place);
      stream.once('error', (error) => void (this.firstError = error));
      this.stream = stream;
      return Promise.resolve(stream);
    }
  };
}

/** Waits until the connection is there, whoever began it. @throws why it is not */
export async function connected(client: Redis): Promise<Redis> {
  if (client.status === 'ready') return client;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once('ready', resolve);
  client.once('error', reject);
  try {
    if (client.status === 'wait' || client.status === 'end') client.connect().catch(reject);
    await promise;
    return client;
  } catch (error) {
    throw streamError(error);
  } finally {
    client.off('ready', resolve);
    client.off('error', reject);
  }
}

/** Refused credentials have a code of their own. */
export function streamError(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(message) || /invalid (username-)?password/i.test(message)) {
    return new DeliveryError('endpoint_unauthorized', `Redis refuses its credentials (${message.split(' ')[0]})`);
  }
  return error instanceof Error ? error : new Error(message);
}
