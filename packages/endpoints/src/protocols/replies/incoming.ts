import type { Json, JsonObject } from '@weft/contract';
import { isObject } from '@weft/contract';
import type { Log, ReplyFate, ReplyStore } from '@weft/engine/ports';
import { parseJson } from '@weft/executors/openai/parse-json';
import { z } from 'zod';

/** An answer as it is kept. What is too large or no JSON is kept as just that, so that whoever waits hears of it. */
export const KeptReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answer'), answer: z.custom<Json>() }),
  z.object({ kind: z.literal('too_large'), bytes: z.number() }),
  z.object({ kind: z.literal('garbage'), excerpt: z.string() }),
]);
export type KeptReply = z.infer<typeof KeptReply>;

/** The most that is kept of one answer, whatever a call allows. */
const MAX_REPLY_BYTES = 2_097_152;
const EXCERPT_CHARS = 200;
const NUMBERED = /^(.+)#(\d+)$/s;

/** What goes out with a request and comes back with its answer: the key, and from the second send on its number. */
export function correlationOf(key: string, send: number): string {
  return send === 1 ? key : `${key}#${send}`;
}

export type Incoming = {
  /** To be called with each answer that comes in; when it returns, the answer is kept or of no use. */
  take(payload: Buffer, correlation: string | null): Promise<ReplyFate | 'ignored'>;
};

/**
 * Keeps what comes in. An answer says what it answers in `correlation_id`, or beside its payload. `{ status: "received" }` only
 * acknowledges. `onKept` hears the key.
 */
export function incoming(replies: ReplyStore, log: Log, from: string, onKept: (key: string) => void): Incoming {
  return {
    async take(payload, correlation) {
      const read = readReply(payload);
      const id = correlation ?? (read.kind === 'answer' ? idIn(read.answer) : null);
      if (id === null || isAcknowledgement(read)) return 'ignored';
      const [, key = id, send = '1'] = NUMBERED.exec(id) ?? [];
      const fate = await replies.put(key, Number(send), read);
      if (fate === 'kept' || fate === 'unasked') onKept(key);
      if (fate !== 'kept')
        log.info({ from, correlation: id.slice(0, EXCERPT_CHARS), fate }, 'an answer was not waited for');
      return fate;
    },
  };
}

function readReply(payload: Buffer): KeptReply {
  if (payload.length > MAX_REPLY_BYTES) return { kind: 'too_large', bytes: payload.length };
  const text = payload.toString();
  const answer = parseJson(text);
  if (isObject(answer)) return { kind: 'answer', answer };
  return { kind: 'garbage', excerpt: text.slice(0, EXCERPT_CHARS).toWellFormed() };
}

function idIn(answer: Json): string | null {
  const id = isObject(answer) ? answer['correlation_id'] : null;
  return typeof id === 'string' ? id : null;
}

function isAcknowledgement(read: KeptReply): boolean {
  if (read.kind !== 'answer' || !isObject(read.answer)) return false;
  const { answer } = read;
  return answer['status'] === 'received' && !['error', 'response', 'reply', 'output'].some((name) => has(answer, name));
}

function has(answer: JsonObject, name: string): boolean {
  return (answer[name] ?? null) !== null;
}
