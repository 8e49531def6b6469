import { guardedSocket } from '@weft/executors/outgoing/guarded-socket';
import type { IClientOptions } from 'mqtt';
import { MqttClient } from 'mqtt';

import type { BrokerLogin } from '../replies/broker-login.ts';
import { DeliveryError } from '../replies/request-reply.ts';

/** Refusals of a broker that no repeat cures: not known, or not allowed. The smaller ones are those of MQTT 3. */
const UNAUTHORIZED = new Set([4, 5, 134, 135, 140]);
/** The broker gave the session to another connection of the same name. */
const TAKEN_OVER = 142;

const COMMON: IClientOptions = {
  protocolVersion: 5,
  connectTimeout: 5_000,
  keepalive: 15,
  reconnectPeriod: 300,
  resubscribe: false,
  queueQoSZero: false,
};

/** Connects in the background, and again whenever the connection is lost. */
export function connectMqtt(broker: string, login: BrokerLogin, own: IClientOptions): MqttClient {
  const { protocol, hostname, port } = new URL(broker);
  const isTls = protocol === 'mqtts:';
  const place = { host: hostname, port: Number(port) || (isTls ? 8883 : 1883), isTls };
  return new MqttClient(() => guardedSocket(place), { ...COMMON, ...login, ...own });
}

/** What an error of the client means: a refusal of the broker has a code of its own. */
export function mqttError(error: Error): Error {
  const code = 'code' in error ? error.code : null;
  if (typeof code !== 'number' || !UNAUTHORIZED.has(code)) return error;
  return new DeliveryError('endpoint_unauthorized', `the broker refuses its credentials (${code})`);
}

export function isTakenOver(reasonCode: number | undefined): boolean {
  return reasonCode === TAKEN_OVER;
}
