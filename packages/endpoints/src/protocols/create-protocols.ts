import type { EndpointProtocol } from '@weft/contract';
import type { Log, ReplyStore } from '@weft/engine/ports';

import type { ProtocolClient } from '../protocol.ts';
import { a2aRules } from './a2a/a2a-rules.ts';
import { apiChatClient } from './api-chat.ts';
import { guarded } from './guarded.ts';
import { mqttRules } from './mqtt/mqtt-rules.ts';
import { onDemand } from './on-demand.ts';
import { openaiChatClient } from './openai-chat.ts';
import { redisStreamClient } from './redis-stream/redis-stream.ts';
import { namedStore } from './replies/named-store.ts';
import { webhookClient } from './webhook.ts';

export type ProtocolsOptions = {
  /** Where workers meet over answers that come by themselves: in Redis, or the memory of one process where there is one only. */
  replies: ReplyStore;
  /** Keeps installations apart that talk to the same broker (`weft`). */
  group?: string;
  /** How long a call waits for an answer that takes long, before it is `pending`, ms (10,000). */
  holdMs?: number;
  /** How long a mailbox is still its holder's when that is silent, ms (10,000). */
  leaseMs?: number;
  /** Hears of answers that came too late or unasked. */
  log: Log;
};

const HOLD_MS = 10_000;

/** A client for each protocol. All that they share is closed with them. */
export function createProtocols(options: ProtocolsOptions): Map<EndpointProtocol, ProtocolClient> {
  const shared = { group: 'weft', holdMs: HOLD_MS, ...options, replies: namedStore(options.replies) };
  const clients = [
    webhookClient(),
    apiChatClient(),
    openaiChatClient(),
    onDemand(a2aRules, async () => (await import('./a2a/a2a.ts')).a2aClient(shared), { canLetGo: true }),
    onDemand(mqttRules, async () => (await import('./mqtt/mqtt.ts')).mqttClient(shared)),
    redisStreamClient(shared),
  ];
  return new Map(clients.map((client) => [client.protocol, guarded(client)]));
}
