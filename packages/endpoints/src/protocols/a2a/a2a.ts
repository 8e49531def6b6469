import type { ReplyRecord } from '@weft/engine/ports';
import { aborted } from '@weft/executors/failure';
import { z } from 'zod';

import type { CallTarget, LeftRequest, Probe, ProtocolCall, ProtocolClient, ProtocolResult } from '../../protocol.ts';
import { correlationOf } from '../replies/incoming.ts';
import { ReplyStoreError } from '../replies/named-store.ts';
import type { ReplyOptions } from '../replies/reply-options.ts';
import { lookAgainMs } from '../replies/waiting.ts';
import type { Failed, Learned } from '../result.ts';
import { fromFailure, withLearned } from '../result.ts';
import { a2aRules } from './a2a-rules.ts';
import { a2aFailure, isUnknownMethod } from './a2a-failure.ts';
import { findCard } from './agent-card.ts';
import { Agents } from './agents.ts';
import { RefusedError, boundedFetch } from './bounded-fetch.ts';
import type { Standing } from './conversation.ts';
import { converse } from './conversation.ts';
import { contentResult, taskResult } from './standing-result.ts';

/** Of the task over there, for the next call. */
const memoShape = z.object({ taskId: z.string(), send: z.int(), looks: z.int().min(0) });
type Memo = z.infer<typeof memoShape>;

/** After these another worker goes on with the same task over there; after all others nobody does. */
const HANDED_ON = new Set<unknown>(['shutdown', 'pressure']);
const CANCEL_MS = 700;
/** What an agent says that knows of the cancel: the task is over, or unknown. */
const HEARD = new Set(['endpoint_error', 'remote_task_lost']);
const CARD_BYTES = 1_048_576;

/** An agent that speaks A2A: 1.0 and 0.3 by its card, `tasks/send` where there is none. */
export function a2aClient(replyOptions: ReplyOptions): ProtocolClient {
  const agents = new Agents();
  return {
    ...a2aRules,
    call: (call) => askAgent(call, agents, replyOptions),
    letGo: (left) => letGo(left, agents, replyOptions),
    probe: probeAgent,
    close: async () => undefined,
  };
}

async function askAgent(call: ProtocolCall, agents: Agents, replyOptions: ReplyOptions): Promise<ProtocolResult> {
  const { target, signal, maxBytes, idempotencyKey } = call;
  const { replies, holdMs } = replyOptions;
  let learned: Learned = {};
  const onLearned = (news: Learned): void => void (learned = { ...learned, ...news });
  const fetchImpl = boundedFetch(target, { maxBytes, signal, onLearned, onChunk: () => call.heartbeat() });
  const record = await replies.open(idempotencyKey);
  const memo = memoOf(call, record);
  let taskId = memo?.taskId ?? null;
  const onTask = async (id: string): Promise<void> => {
    taskId = id;
    await replies.note(idempotencyKey, record.send, { taskId: id, send: record.send, looks: 0 });
  };
  try {
    const agent = await agents.of(target, fetchImpl);
    const conversation = { holdMs, taskId, onTask, messageId: correlationOf(idempotencyKey, record.send) };
    const standing = await converse(call, agent, conversation).catch((error: unknown) => {
      const old = isUnknownMethod(error) && taskId === null ? agents.asOld(target, fetchImpl) : null;
      if (old === null) throw error;
      return converse(call, old, conversation);
    });
    if (standing.kind === 'open') return pending(standing.taskId, record, memo);
    const result = withLearned(resultOf(standing, target), learned);
    if (result.kind === 'failed') await replies.reopen(idempotencyKey, record.send);
    return result;
  } catch (error) {
    if (signal.aborted) {
      if (taskId !== null) await stop(call, agents, taskId, { replyOptions, send: record.send });
      return fromFailure(aborted(signal), false);
    }
    if (error instanceof ReplyStoreError) throw error;
    const failure = withLearned(a2aFailure(error), learned);
    if (failure.isFault) agents.forget(target);
    if (failure.error.code === 'remote_task_lost') await replies.reopen(idempotencyKey, record.send);
    return failure;
  }
}

/** Of this send: that of one that is over speaks of a task that is over as well. */
function memoOf({ memo }: ProtocolCall, { note, send }: ReplyRecord): Memo | null {
  const found = [memo, note].map((given) => memoShape.safeParse(given).data ?? null);
  return found.find((given) => given !== null && given.send === send) ?? null;
}

function pending(taskId: string, { send }: ReplyRecord, before: Memo | null): ProtocolResult {
  const looks = before?.looks ?? 0;
  return { kind: 'pending', memo: { taskId, send, looks: looks + 1 }, afterMs: lookAgainMs(looks) };
}

function resultOf(standing: Exclude<Standing, { kind: 'open' }>, target: CallTarget) {
  return standing.kind === 'message' ? contentResult(standing.content, target) : taskResult(standing.task, target);
}

type Stopping = { replyOptions: ReplyOptions; send: number };

/** Nobody wants the task any more: the agent is told, as far as it hears in time. */
async function stop(call: ProtocolCall, agents: Agents, taskId: string, stopping: Stopping): Promise<void> {
  const { target, signal, log, idempotencyKey } = call;
  if (HANDED_ON.has(signal.reason)) return;
  const left = { target, idempotencyKey, signal: AbortSignal.timeout(CANCEL_MS) };
  const failure = await cancel(left, agents, taskId);
  if (failure) log('warn', 'an agent did not cancel its task', { taskId, code: failure.error.code });
  await stopping.replyOptions.replies.reopen(idempotencyKey, stopping.send);
}

async function letGo({ memo, ...left }: LeftRequest, agents: Agents, { replies }: ReplyOptions): Promise<void> {
  const known = memoShape.safeParse(memo).data;
  if (!known) return;
  const failure = await cancel(left, agents, known.taskId);
  if (failure && !HEARD.has(failure.error.code)) throw new Error(failure.error.message);
  await replies.reopen(left.idempotencyKey, known.send);
}

/** A next attempt is another task. */
async function cancel(left: Omit<LeftRequest, 'memo'>, agents: Agents, taskId: string): Promise<Failed | null> {
  const { target, signal } = left;
  const nothing = (): void => undefined;
  const fetchImpl = boundedFetch(target, { maxBytes: CARD_BYTES, signal, onChunk: nothing, onLearned: nothing });
  try {
    await (await agents.of(target, fetchImpl)).cancel(taskId, signal);
    return null;
  } catch (error) {
    return a2aFailure(error);
  }
}

/** Its card is there; an agent without one counts by any answer below 500. */
async function probeAgent(target: CallTarget, url: string | null, signal: AbortSignal): Promise<Probe> {
  const problem = a2aRules.checkUrl(url ?? target.url);
  if (problem !== null) return { isHealthy: false, detail: problem };
  const nothing = (): void => undefined;
  const fetchImpl = boundedFetch(target, { maxBytes: CARD_BYTES, signal, onChunk: nothing, onLearned: nothing });
  try {
    const card = await findCard(url === null ? target : { ...target, url }, fetchImpl);
    return { isHealthy: true, detail: card === null ? 'it answers, but has no agent card' : `its card: ${card.name}` };
  } catch (error) {
    const detail = error instanceof RefusedError ? error.failed.error.message : a2aFailure(error).error.message;
    return { isHealthy: false, detail };
  }
}
