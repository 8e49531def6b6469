import type { CallTarget, Probe, ProtocolClient } from '../../protocol.ts';
import type { ReplyOptions } from '../replies/reply-options.ts';
import type { BrokerLogin } from '../replies/broker-login.ts';
import { loginOf } from '../replies/broker-login.ts';
import { Links } from '../replies/links.ts';
import { requestReply } from '../replies/request-reply.ts';
import { connectMqtt, mqttError } from './mqtt-connection.ts';
import { MqttLink } from './mqtt-link.ts';
import { mqttRules, options } from './mqtt-rules.ts';
import { checkMqttUrl, mqttAddress } from './mqtt-url.ts';

/** A worker behind an MQTT 5 broker: requests on a topic, answers on `topic/responses`. */
export function mqttClient(replyOptions: ReplyOptions): ProtocolClient {
  const links = new Links((key) => {
    const { url, ...own } = JSON.parse(key) as LinkKey;
    return new MqttLink({ ...mqttAddress(url), ...replyOptions, ...own });
  });
  return {
    ...mqttRules,
    call: (call) => links.use(keyOf(call.target), (link) => requestReply(call, link, replyOptions)),
    probe: probeMqtt,
    close: () => links.close(),
  };
}

type LinkKey = { url: string; login: BrokerLogin; sendsToken: boolean; group?: string };

function keyOf(target: CallTarget): string {
  const { group, ...given } = options.parse(target.options);
  const own = { login: loginOf(target, given), sendsToken: given.tokenFor === 'worker' };
  const key: LinkKey = { url: target.url, ...own, ...(group === undefined ? {} : { group }) };
  return JSON.stringify(key);
}

/** A connection of its own, which the broker lets in. */
async function probeMqtt(target: CallTarget, url: string | null, signal: AbortSignal): Promise<Probe> {
  const problem = checkMqttUrl(url ?? target.url);
  if (problem !== null) return { isHealthy: false, detail: problem };
  const { broker } = mqttAddress(url ?? target.url);
  const client = connectMqtt(broker, loginOf(target, options.parse(target.options)), { reconnectPeriod: 0 });
  const { promise, resolve } = Promise.withResolvers<Probe>();
  client.once('connect', () => resolve({ isHealthy: true, detail: `${broker} lets it in` }));
  client.once('error', (error) => resolve({ isHealthy: false, detail: `${broker}: ${mqttError(error).message}` }));
  client.once('close', () => resolve({ isHealthy: false, detail: `${broker} does not answer` }));
  const onAbort = (): void => resolve({ isHealthy: false, detail: `${broker} does not answer in time` });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.endAsync(true);
  }
}
