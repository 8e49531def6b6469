import { createHash, randomUUID } from 'node:crypto';

import type { JsonObject } from '@weft/contract';
import type { MqttClient } from 'mqtt';

import { Arrivals } from '../replies/arrivals.ts';
import type { BrokerLogin } from '../replies/broker-login.ts';
import { incoming } from '../replies/incoming.ts';
import { Mailbox } from '../replies/mailbox.ts';
import type { ReplyOptions } from '../replies/reply-options.ts';
import type { Courier } from '../replies/request-reply.ts';
import { DeliveryError } from '../replies/request-reply.ts';
import { abortion } from '../replies/waiting.ts';
import { connectMqtt, mqttError } from './mqtt-connection.ts';
import { listenMqtt } from './mqtt-listener.ts';
import type { MqttAddress } from './mqtt-url.ts';

export type MqttLinkOptions = MqttAddress & ReplyOptions & { login: BrokerLogin; sendsToken: boolean };

/** A request nobody took waits so long with the broker. */
const EXPIRY_SECONDS = 86_400;
const SEND_MS = 5_000;
const UNCONFIRMED = 'the broker did not confirm the request in time';
/** The broker has nobody to give it to. */
const NO_SUBSCRIBERS = 16;

/** The connections to one topic of one broker: one to publish, and the mailbox of its reply topic. */
export class MqttLink implements Courier {
  readonly replyTo: string;
  readonly sendsToken: boolean;
  readonly #topic: string;
  readonly #publisher: MqttClient;
  readonly #mailbox: Mailbox;
  readonly #arrivals = new Arrivals();
  /** Messages that the broker has given to nobody. */
  readonly #untaken = new Set<number>();
  #refusal: Error | null = null;

  constructor(options: MqttLinkOptions) {
    const { broker, topic, replyTopic, login, group, replies, leaseMs, log } = options;
    this.replyTo = replyTopic;
    this.sendsToken = options.sendsToken;
    this.#topic = topic;
    const name = createHash('sha256')
      .update(JSON.stringify([group, broker, replyTopic, login.username ?? '']))
      .digest('hex');
    const clientId = `weft-${name.slice(0, 18)}`;
    const heard = incoming(replies, log, `${broker}/${replyTopic}`, (key) => this.#arrivals.tell(key));
    this.#mailbox = new Mailbox({
      name: `mqtt-${name}`,
      replies,
      listen: (events) => listenMqtt({ ...options, clientId, incoming: heard }, events),
      ...(leaseMs === undefined ? {} : { leaseMs }),
    });
    this.#publisher = connectMqtt(broker, login, { clientId: `weft-${randomUUID().slice(0, 18)}`, clean: true });
    // Each call that waits for the connection listens.
    this.#publisher.setMaxListeners(0);
    this.#publisher.on('error', (error) => void (this.#refusal = mqttError(error)));
    // The client takes this for a success and does not tell.
    this.#publisher.on('packetreceive', (packet) => {
      if (packet.cmd !== 'puback' || packet.reasonCode !== NO_SUBSCRIBERS) return;
      if (packet.messageId !== undefined) this.#untaken.add(packet.messageId);
    });
    this.#publisher.on('connect', () => void (this.#refusal = null));
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

  async send(correlation: string, payload: JsonObject, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);
    await this.#connected(limit);
    const published = this.#publisher.publishAsync(this.#topic, JSON.stringify(payload), {
      qos: 1,
      properties: {
        responseTopic: this.replyTo,
        correlationData: Buffer.from(correlation),
        contentType: 'application/json',
        payloadFormatIndicator: true,
        messageExpiryInterval: EXPIRY_SECONDS,
      },
    });
    const packet = await Promise.race([published, abortion(limit, UNCONFIRMED)]).catch((error: Error) => {
      throw mqttError(error);
    });
    if (this.#untaken.delete(packet?.messageId ?? -1)) {
      throw new DeliveryError('endpoint_not_listening', `nobody has subscribed to ${this.#topic}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#mailbox.close(), this.#publisher.endAsync(true)]);
  }

  async #connected(signal: AbortSignal): Promise<void> {
    if (this.#publisher.connected) return;
    // A refusal has ended its attempts.
    if (this.#refusal instanceof DeliveryError) this.#publisher.reconnect();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#publisher.once('connect', () => resolve());
    try {
      await Promise.race([promise, abortion(signal, UNCONFIRMED)]);
    } catch (error) {
      throw this.#refusal ?? error;
    }
  }
}
