import { setTimeout as sleep } from 'node:timers/promises';

import type { Json, JsonObject } from '@weft/contract';
import type { ReplyRecord, ReplyStore } from '@weft/engine/ports';
import { aborted, messageOf } from '@weft/executors/failure';
import { tooLarge } from '@weft/executors/http/http-failure';
import { z } from 'zod';

import type { ProtocolCall, ProtocolResult } from '../../protocol.ts';
import { readAnswer } from '../answer.ts';
import type { Failed } from '../result.ts';
import { failed, fromFailure } from '../result.ts';
import { ReplyStoreError } from './named-store.ts';
import { lookAgainMs } from './waiting.ts';
import { KeptReply, correlationOf } from './incoming.ts';

/** How a request goes out by a protocol whose answers come by themselves. */
export type Courier = {
  /** Where the answer is to go. */
  replyTo: string;
  /** Whether the token is for whoever does the work, and not for the broker. */
  sendsToken: boolean;
  /** Waits until answers are kept, and gives the epoch of the mailbox. @throws DeliveryError or what the network says */
  open(signal: AbortSignal): Promise<number>;
  /** The epoch as it is known now. */
  epoch(): number;
  /** Resolves when the other side has it. @throws as above */
  send(correlation: string, payload: JsonObject, signal: AbortSignal): Promise<void>;
  /** Resolves when an answer to the key was kept by this process. */
  arrival(key: string, signal: AbortSignal): Promise<void>;
};

/** Why a request did not get through, where the other side says so. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly code: 'endpoint_unauthorized' | 'endpoint_not_listening';

  constructor(code: DeliveryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export type WaitOptions = { replies: ReplyStore; holdMs: number };

const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 1_000;

/** What a `pending` result gives the next call: what was sent, in which epoch, and how often it was looked for. */
const memoShape = z.object({ send: z.int().max(1000), epoch: z.int(), looks: z.int().min(0) });
type Memo = z.infer<typeof memoShape>;

/** Whoever sent it may have died, and its answer may just be coming in: so long it is waited for before it is sent again. */
const GRACE_MS = 2_000;

/**
 * Looks whether the answer is there, else sends the request, unless that was done before, and waits a while. An answer that is
 * an error ends its send: the next attempt sends the request as another one.
 *
 * @throws ReplyStoreError
 */
export async function requestReply(
  call: ProtocolCall,
  courier: Courier,
  options: WaitOptions,
): Promise<ProtocolResult> {
  try {
    const record = await opened(call, options.replies);
    if (record.reply !== null) return await taken(call, record, options.replies);
    const epoch = await courier.open(call.signal);
    const [before, noted] = [call.memo, record.note].map((memo) => memoOf(memo, record, epoch));
    if (before) return await awaited(call, courier, before, options);
    const holdMs = Math.min(GRACE_MS, options.holdMs);
    const early = noted ? await awaited(call, courier, noted, { ...options, holdMs }) : null;
    if (early !== null && early.kind !== 'pending') return early;
    return await awaited(call, courier, await delivered(call, courier, record, options.replies), options);
  } catch (error) {
    if (error instanceof ReplyStoreError && !call.signal.aborted) throw error;
    return call.signal.aborted ? fromFailure(aborted(call.signal), false) : undelivered(call, error);
  }
}

/** A store that has forgotten which sends are over is told by what the call remembers. */
async function opened({ idempotencyKey, memo }: ProtocolCall, replies: ReplyStore): Promise<ReplyRecord> {
  const known = memoShape.safeParse(memo).data?.send ?? 1;
  let record = await replies.open(idempotencyKey);
  while (record.send < known) {
    await replies.reopen(idempotencyKey, record.send);
    record = await replies.open(idempotencyKey);
  }
  return record;
}

/** What was sent before in an epoch that is over may be lost, or its answer; and a send that is over is of no use. */
function memoOf(memo: Json | null, { send }: ReplyRecord, epoch: number): Memo | null {
  const found = memoShape.safeParse(memo).data ?? null;
  return found !== null && found.send === send && found.epoch >= epoch ? found : null;
}

async function delivered(
  call: ProtocolCall,
  courier: Courier,
  { send }: ReplyRecord,
  replies: ReplyStore,
): Promise<Memo> {
  const memo = { send, epoch: await courier.open(call.signal), looks: 0 };
  // Noted before: who dies in between has perhaps sent it, and whoever comes next looks a while before it does so again.
  await replies.note(call.idempotencyKey, send, memo);
  try {
    await deliver(call, courier, send);
  } catch (error) {
    await replies.note(call.idempotencyKey, send, null);
    throw error;
  }
  return memo;
}

/** Where all begins anew the worker may not be back yet: then it is sent later. */
async function redelivered(
  call: ProtocolCall,
  courier: Courier,
  record: ReplyRecord,
  { memo, replies }: WaitOptions & { memo: Memo },
): Promise<Memo> {
  try {
    return await delivered(call, courier, record, replies);
  } catch (error) {
    if (call.signal.aborted || error instanceof ReplyStoreError) throw error;
    if (error instanceof DeliveryError && error.code === 'endpoint_unauthorized') throw error;
    return memo;
  }
}

async function deliver(
  { prompt, sessionKey, idempotencyKey, target, signal }: ProtocolCall,
  courier: Courier,
  send: number,
) {
  const correlation = correlationOf(idempotencyKey, send);
  const payload = {
    correlation_id: correlation,
    reply_to: courier.replyTo,
    timestamp_ms: Date.now(),
    ...(courier.sendsToken && target.token !== null ? { token: target.token } : {}),
    message: prompt,
    session_key: sessionKey,
  };
  await courier.send(correlation, payload, signal);
}

async function awaited(
  call: ProtocolCall,
  courier: Courier,
  sent: Memo,
  options: WaitOptions,
): Promise<ProtocolResult> {
  const { idempotencyKey, signal } = call;
  const giveUpAt = performance.now() + options.holdMs;
  let memo = sent;
  let lookMs = FIRST_LOOK_MS;
  while (performance.now() < giveUpAt) {
    const round = new AbortController();
    try {
      const arrival = courier.arrival(idempotencyKey, round.signal);
      const record = await options.replies.open(idempotencyKey);
      if (record.reply !== null) return await taken(call, record, options.replies);
      if (courier.epoch() > memo.epoch) memo = await redelivered(call, courier, record, { memo, ...options });
      await Promise.race([arrival, sleep(Math.min(lookMs, giveUpAt - performance.now()), undefined, { signal })]);
    } finally {
      round.abort();
    }
    lookMs = Math.min(lookMs * 2, MAX_LOOK_MS);
  }
  return { kind: 'pending', memo: { ...memo, looks: memo.looks + 1 }, afterMs: lookAgainMs(memo.looks) };
}

async function taken(call: ProtocolCall, record: ReplyRecord, replies: ReplyStore): Promise<ProtocolResult> {
  const result = readKept(call, KeptReply.parse(record.reply));
  if (result.kind === 'failed') await replies.reopen(call.idempotencyKey, record.send);
  return result;
}

function readKept({ maxBytes, target }: ProtocolCall, kept: KeptReply): Exclude<ProtocolResult, { kind: 'pending' }> {
  if (kept.kind === 'too_large') return fromFailure(tooLarge(maxBytes, { bytes: kept.bytes }), true);
  if (kept.kind === 'garbage') {
    const details = { body: kept.excerpt };
    const message = `The endpoint ${target.name} answered what is no JSON object`;
    return failed('bad_response', message, { retryable: true, isFault: true, details });
  }
  const bytes = Buffer.byteLength(JSON.stringify(kept.answer));
  return bytes > maxBytes ? fromFailure(tooLarge(maxBytes, { bytes }), true) : readAnswer(kept.answer);
}

function undelivered({ target }: ProtocolCall, error: unknown): Failed {
  if (error instanceof DeliveryError) {
    const retryable = error.code !== 'endpoint_unauthorized';
    return failed(error.code, `The endpoint ${target.name}: ${error.message}`, { retryable, isFault: true });
  }
  const message = `The endpoint ${target.name} cannot be reached: ${messageOf(error)}`;
  return failed('network_error', message, { retryable: true, isFault: true });
}
