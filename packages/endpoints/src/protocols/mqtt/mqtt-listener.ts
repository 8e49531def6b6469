import { setTimeout as sleep } from 'node:timers/promises';
import { callbackify } from 'node:util';

import type { IPublishPacket } from 'mqtt';

import type { BrokerLogin } from '../replies/broker-login.ts';
import type { Incoming } from '../replies/incoming.ts';
import type { Listener, MailboxEvents } from '../replies/mailbox.ts';
import { connectMqtt, isTakenOver, mqttError } from './mqtt-connection.ts';
import type { MqttAddress } from './mqtt-url.ts';

/** A session that nobody comes back to is kept for a day, and answers in it. */
const SESSION_SECONDS = 86_400;
const AGAIN_MS = 500;

export type MqttListenerOptions = MqttAddress & { login: BrokerLogin; clientId: string; incoming: Incoming };

/**
 * Hears the answers on a reply topic in a session that outlives the connection: what comes while nobody listens waits in it. An
 * answer is acknowledged when it is kept, so it comes again if this process dies before.
 */
export function listenMqtt(options: MqttListenerOptions, events: MailboxEvents): Listener {
  const { broker, login, clientId, replyTopic, incoming } = options;
  const session = { clean: false, properties: { sessionExpiryInterval: SESSION_SECONDS, receiveMaximum: 50 } };
  const client = connectMqtt(broker, login, { clientId, ...session });
  const stop = new AbortController();

  async function keep(packet: IPublishPacket): Promise<void> {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const correlation = packet.properties?.correlationData?.toString() ?? null;
    while (!stop.signal.aborted) {
      try {
        await incoming.take(payload, correlation);
        return;
      } catch {
        // The reply store is away; the answer waits, unacknowledged.
        await sleep(AGAIN_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
    throw new Error('closed');
  }

  client.handleMessage = callbackify(keep);
  client.on('connect', ({ sessionPresent }) => {
    client.subscribeAsync(replyTopic, { qos: 1 }).then(
      () => events.opened(!sessionPresent),
      (error: Error) => {
        if (client.connected) events.ended(mqttError(error));
      },
    );
  });
  client.on('disconnect', ({ reasonCode }) => {
    if (isTakenOver(reasonCode)) events.ended(new Error('another process attends the reply topic'));
  });
  client.on('error', (error) => {
    const known = mqttError(error);
    if (known === error) events.lost(known);
    else events.ended(known);
  });
  return {
    async close() {
      stop.abort();
      await client.endAsync(true);
    },
  };
}
