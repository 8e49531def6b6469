import { createHash } from 'node:crypto';

import type { JsonObject } from '@weft/contract';
import type { Redis } from 'ioredis';

import { Arrivals } from '../replies/arrivals.ts';
import { incoming } from '../replies/incoming.ts';
import { Mailbox } from '../replies/mailbox.ts';
import type { ReplyOptions } from '../replies/reply-options.ts';
import type { Courier } from '../replies/request-reply.ts';
import type { StreamAddress } from './redis-stream-url.ts';
import type { StreamLogin } from './stream-connection.ts';
import { connected, streamConnection, streamError } from './stream-connection.ts';
import { listenStream } from './stream-listener.ts';

export type StreamLinkOptions = ReplyOptions & { address: StreamAddress; login: StreamLogin; sendsToken: boolean };

/** The connections to one stream: one to add to it, and the mailbox of its reply stream. */
export class StreamLink implements Courier {
  readonly replyTo: string;
  readonly sendsToken: boolean;
  readonly #stream: string;
  readonly #commands: Redis;
  readonly #mailbox: Mailbox;
  readonly #arrivals = new Arrivals();

  constructor(options: StreamLinkOptions) {
    const { address, login, group, replies, leaseMs, log } = options;
    const { host, port, stream, replyStream } = address;
    this.replyTo = replyStream;
    this.sendsToken = options.sendsToken;
    this.#stream = stream;
    this.#commands = streamConnection(address, login, 'commands');
    const heard = incoming(replies, log, `redis ${host}:${port}/${replyStream}`, (key) => this.#arrivals.tell(key));
    const id = createHash('sha256')
      .update(JSON.stringify([group, host, port, login.db, replyStream]))
      .digest('hex');
    this.#mailbox = new Mailbox({
      name: `redis-${id}`,
      replies,
      listen: (events) => listenStream({ address, login, group, incoming: heard }, events),
      ...(leaseMs === undefined ? {} : { leaseMs }),
    });
  }

  open(signal: AbortSignal): Promise<number> {
    return this.#mailbox.open(signal);
  }

  epoch(): number {
    return this.#mailbox.epoch;
  }

  arrival(key: string, signal: AbortSignal): Promise<void> {
    return this.#arrivals.next(key, signal);
  }

  async send(_correlation: string, payload: JsonObject): Promise<void> {
    try {
      await (await connected(this.#commands)).xadd(this.#stream, '*', 'payload', JSON.stringify(payload));
    } catch (error) {
      throw streamError(error);
    }
  }

  async close(): Promise<void> {
    await this.#mailbox.close();
    this.#commands.disconnect();
  }
}
