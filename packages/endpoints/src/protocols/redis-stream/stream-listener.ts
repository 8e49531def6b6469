import { setTimeout as sleep } from 'node:timers/promises';

import type { Redis } from 'ioredis';

import type { Incoming } from '../replies/incoming.ts';
import type { Listener, MailboxEvents } from '../replies/mailbox.ts';
import { DeliveryError } from '../replies/request-reply.ts';
import type { StreamAddress } from './redis-stream-url.ts';
import type { StreamLogin } from './stream-connection.ts';
import { connected, streamConnection, streamError } from './stream-connection.ts';

export type StreamListenerOptions = {
  address: StreamAddress;
  login: StreamLogin;
  group: string;
  incoming: Incoming;
};

type Entry = [id: string, fields: string[] | null];

/** One consumer, whoever it is: what it had not acknowledged when it died is read first by the next one. */
const CONSUMER = 'weft';
const BATCH = 100;
const BLOCK_MS = 5_000;
const AGAIN_MS = 300;
/** Entries are removed when they are a day old, whoever reads them. */
const KEEP_MS = 86_400_000;
const TRIM_EVERY_MS = 60_000;

/** Reads the answers of a reply stream as a consumer group, and acknowledges each when it is kept. */
export function listenStream(options: StreamListenerOptions, events: MailboxEvents): Listener {
  const { address, login } = options;
  const reader = streamConnection(address, login, 'blocking');
  const stop = new AbortController();
  const running = run(reader, options, events, stop.signal);
  return {
    async close() {
      stop.abort();
      reader.disconnect();
      await running;
    },
  };
}

async function run(reader: Redis, options: StreamListenerOptions, events: MailboxEvents, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      await connected(reader);
      events.opened(await openGroup(reader, options));
      await read(reader, options, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = streamError(thrown);
      if (error instanceof DeliveryError) return events.ended(error);
      events.lost(error);
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** True if the group was not there: the first time, or since Redis has lost it. Then nothing in the stream may be missed. */
async function openGroup(reader: Redis, { address, group }: StreamListenerOptions): Promise<boolean> {
  try {
    await reader.xgroup('CREATE', address.replyStream, group, '0', 'MKSTREAM');
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('BUSYGROUP')) return false;
    throw error;
  }
}

/** Ends with the connection, or with the group. */
async function read(reader: Redis, options: StreamListenerOptions, signal: AbortSignal): Promise<void> {
  const { address, group, incoming } = options;
  const { replyStream } = address;
  // First what was read and not acknowledged, then what is new.
  let from = '0';
  let trimAt = 0;
  while (!signal.aborted) {
    const reply = await reader.xreadgroup(
      ...(['GROUP', group, CONSUMER, 'COUNT', BATCH, 'BLOCK', BLOCK_MS, 'STREAMS', replyStream, from] as const),
    );
    const entries = entriesOf(reply);
    for (const [id, fields] of entries) {
      if (fields !== null) await incoming.take(payloadOf(fields), fieldOf(fields, 'correlation_id'));
      await reader.xack(replyStream, group, id);
    }
    if (from === '0' && entries.length === 0) from = '>';
    if (performance.now() < trimAt) continue;
    trimAt = performance.now() + TRIM_EVERY_MS;
    await reader.xtrim(replyStream, 'MINID', '~', Date.now() - KEEP_MS);
  }
}

/** Of the one stream that was asked for. */
function entriesOf(reply: unknown): Entry[] {
  const [stream] = (reply ?? []) as [string, Entry[]][];
  return stream?.[1] ?? [];
}

/** The field `payload`, else the fields themselves. */
function payloadOf(fields: string[]): Buffer {
  const payload = fieldOf(fields, 'payload');
  if (payload !== null) return Buffer.from(payload);
  const pairs = fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? ''] as const] : []));
  return Buffer.from(JSON.stringify(Object.fromEntries(pairs)));
}

function fieldOf(fields: string[], name: string): string | null {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
  return at < 0 ? null : (fields[at + 1] ?? null);
}
