import type { Redis } from 'ioredis';

import type { OnListenerError } from '@weft/engine/ports';
import { Listeners } from '@weft/engine/ports';

export type Subscriber = {
  onMessage: (text: string) => void;
  /** Messages may have been missed: the subscription has just begun to work, or works again after a lost connection. */
  onGap: () => void;
};

export type Subscriptions = {
  /** Hears what is published on the channel, from the first `onGap` on. Returns the function that ends it. */
  subscribe(channel: string, subscriber: Subscriber): () => void;
  close(): void;
};

type Heard = { kind: 'message'; text: string } | { kind: 'gap' };

/** A connection that only listens does not notice a dead peer; so it is asked this often. */
const PING_MS = 5000;

/** Subscriptions over one connection; a channel is subscribed as long as somebody hears it. */
export function createSubscriptions(client: Redis, onListenerError: OnListenerError): Subscriptions {
  return new ChannelSubscriptions(client, onListenerError);
}

class ChannelSubscriptions implements Subscriptions {
  readonly #client: Redis;
  readonly #onError: OnListenerError;
  readonly #byChannel = new Map<string, Listeners<Heard>>();
  #ping: NodeJS.Timeout | null = null;

  constructor(client: Redis, onError: OnListenerError) {
    this.#client = client;
    this.#onError = onError;
    client.on('message', this.#onMessage);
    client.on('ready', this.#onReady);
  }

  subscribe(channel: string, { onMessage, onGap }: Subscriber): () => void {
    const known = this.#byChannel.get(channel);
    const listeners = known ?? new Listeners<Heard>(this.#onError);
    const end = listeners.add((heard) => (heard.kind === 'gap' ? onGap() : onMessage(heard.text)));
    if (known === undefined) this.#open(channel, listeners);
    return () => {
      end();
      if (listeners.size === 0 && this.#byChannel.get(channel) === listeners) this.#close(channel);
    };
  }

  close(): void {
    if (this.#ping !== null) clearInterval(this.#ping);
    this.#client.off('message', this.#onMessage);
    this.#client.off('ready', this.#onReady);
    for (const channel of this.#byChannel.keys()) this.#close(channel);
  }

  #open(channel: string, listeners: Listeners<Heard>): void {
    this.#byChannel.set(channel, listeners);
    this.#ping ??= setInterval(() => void this.#client.ping().catch(() => undefined), PING_MS).unref();
    this.#tellWhenSubscribed(channel, listeners);
  }

  #close(channel: string): void {
    this.#byChannel.delete(channel);
    if (this.#client.status === 'ready') this.#client.unsubscribe(channel).catch(() => undefined);
  }

  /** Subscribing anew what the client has subscribed again by itself does no harm, and its answer says since when. */
  #tellWhenSubscribed(channel: string, listeners: Listeners<Heard>): void {
    this.#client
      .subscribe(channel)
      .then(() => listeners.notify({ kind: 'gap' }))
      .catch(() => undefined);
  }

  readonly #onMessage = (channel: string, text: string): void => {
    this.#byChannel.get(channel)?.notify({ kind: 'message', text });
  };

  readonly #onReady = (): void => {
    for (const [channel, listeners] of this.#byChannel) this.#tellWhenSubscribed(channel, listeners);
  };
}
