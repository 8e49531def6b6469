/** Where the requests of an MQTT endpoint go: `mqtt://host:port/topic`. */
export type MqttAddress = { broker: string; topic: string; replyTopic: string };

const PROTOCOLS = new Set(['mqtt:', 'mqtts:']);
const MAX_TOPIC_BYTES = 60_000;

/** Why this URL is none of MQTT, or null. */
export function checkMqttUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return 'not an absolute URL';
  if (!PROTOCOLS.has(url.protocol)) return 'only mqtt and mqtts are allowed';
  if (url.username !== '' || url.password !== '')
    return 'no user or password in a URL: set options.username and the token';
  if (url.hostname === '') return 'it names no host';
  const topic = topicOf(url);
  if (topic === null || topic === '') return 'it names no topic: mqtt://host:1883/topic';
  if (/[+#\0]/.test(topic)) return 'a topic that is published to has no wildcards';
  return Buffer.byteLength(topic) > MAX_TOPIC_BYTES ? 'its topic is too long' : null;
}

/** Takes a URL that was found good apart. */
export function mqttAddress(text: string): MqttAddress {
  const url = new URL(text);
  const topic = topicOf(url) ?? '';
  const broker = `${url.protocol}//${url.host}`;
  return { broker, topic, replyTopic: `${topic}/responses` };
}

function topicOf({ pathname }: URL): string | null {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return null;
  }
}
