import type { JsonObject } from '@weft/contract';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';

import type { MailRequest } from './mail-request.ts';

export type StreamWorker = {
  requests: MailRequest[];
  /** Waits for so many requests, ten seconds unless said. */
  received(count: number, timeout?: number): Promise<MailRequest[]>;
  /** Answers a request where it says; `correlation` in the place of its own. */
  reply(request: MailRequest, answer: JsonObject | string, correlation?: string): Promise<void>;
};

/** A worker behind a Redis stream, that answers each request with what `answer` gives; nothing: not by itself. */
export async function startStreamWorker(
  redis: string,
  stream: string,
  answer: (request: MailRequest) => JsonObject | null = () => null,
): Promise<StreamWorker> {
  const reader = new Redis(redis, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  const writer = new Redis(redis, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  for (const client of [reader, writer]) client.on('error', () => undefined);
  const requests: MailRequest[] = [];
  const reply: StreamWorker['reply'] = async (request, given, correlation = request.correlation_id) => {
    const payload = typeof given === 'string' ? given : JSON.stringify({ correlation_id: correlation, ...given });
    const beside = typeof given === 'string' ? ['correlation_id', correlation] : [];
    await writer.xadd(request.reply_to, '*', 'payload', payload, ...beside);
  };
  const take = (request: MailRequest): void => {
    requests.push(request);
    const given = answer(request);
    if (given !== null) void reply(request, given);
  };
  let isOpen = true;
  const reading = (async () => {
    for (let last = '0'; isOpen;) {
      const read = await reader.xread('COUNT', 100, 'BLOCK', 200, 'STREAMS', stream, last).catch(() => null);
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        last = id;
        take(JSON.parse(fields[1] ?? '{}') as MailRequest);
      }
    }
  })();
  onTestFinished(async () => {
    isOpen = false;
    reader.disconnect();
    writer.disconnect();
    await reading.catch(() => undefined);
  });
  const received = async (count: number, timeout = 10_000): Promise<MailRequest[]> => {
    await expect.poll(() => requests.length, { timeout, interval: 10 }).toBeGreaterThanOrEqual(count);
    return requests;
  };
  return { requests, received, reply };
}
