import type { JsonObject } from '@weft/contract';
import { connectAsync } from 'mqtt';
import type { IPublishPacket } from 'mqtt';
import { expect, onTestFinished } from 'vitest';

import type { MailRequest } from './mail-request.ts';

/** A request as the worker behind the broker has it. */
export type MqttRequest = { body: MailRequest; packet: IPublishPacket };

export type MqttWorker = {
  requests: MqttRequest[];
  /** Waits for so many requests, ten seconds unless said. */
  received(count: number, timeout?: number): Promise<MqttRequest[]>;
  /** Answers a request where it says; `correlation` in the place of its own. */
  reply(request: MqttRequest, answer: JsonObject | string, correlation?: string): Promise<void>;
};

/** A worker behind an MQTT broker, that answers each request with what `answer` gives; nothing: not by itself. */
export async function startMqttWorker(
  broker: string,
  topic: string,
  answer: (request: MqttRequest) => JsonObject | null = () => null,
): Promise<MqttWorker> {
  const client = await connectAsync(broker, {
    protocolVersion: 5,
    clean: false,
    clientId: `worker-${topic}`,
    properties: { sessionExpiryInterval: 60 },
    reconnectPeriod: 50,
  });
  client.on('error', () => undefined);
  onTestFinished(() => client.endAsync(true));
  const requests: MqttRequest[] = [];
  const reply: MqttWorker['reply'] = async ({ packet, body }, given, correlation = body.correlation_id) => {
    const text = typeof given === 'string' ? given : JSON.stringify({ correlation_id: correlation, ...given });
    await client.publishAsync(packet.properties?.responseTopic ?? '', text, {
      qos: 1,
      properties: { correlationData: Buffer.from(correlation) },
    });
  };
  client.on('message', (_, payload, packet) => {
    const request = { body: JSON.parse(payload.toString()) as MailRequest, packet };
    requests.push(request);
    const given = answer(request);
    if (given !== null) void reply(request, given);
  });
  await client.subscribeAsync(topic, { qos: 1 });
  const received = async (count: number, timeout = 10_000): Promise<MqttRequest[]> => {
    await expect.poll(() => requests.length, { timeout, interval: 10 }).toBeGreaterThanOrEqual(count);
    return requests;
  };
  return { requests, received, reply };
}
