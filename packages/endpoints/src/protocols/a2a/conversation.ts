import { setTimeout as sleep } from 'node:timers/promises';

import type { ProtocolCall } from '../../protocol.ts';
import type { RemoteAgent, RemoteContent, RemoteTask, RemoteUpdate } from './remote-agent.ts';

/** How a task over there stands when this call is over. */
export type Standing =
  | { kind: 'message'; content: RemoteContent }
  | { kind: 'task'; task: RemoteTask }
  /** It still works. */
  | { kind: 'open'; taskId: string };

export type ConversationOptions = {
  holdMs: number;
  /** Which message of the call it is. */
  messageId: string;
  /** The task that an earlier call has found. */
  taskId: string | null;
  /** Hears of the task as soon as it is known. */
  onTask: (taskId: string) => Promise<void>;
};

const FIRST_POLL_MS = 200;
const MAX_POLL_MS = 2_000;
/** It is kept and sent again and again. */
const LONGEST_ID = 1_000;

/**
 * Sends the message, unless its task is known, and waits a while for what comes of it: by the stream, where the agent has one,
 * and by asking. A stream only tells sooner; what the agent says of the task when it is asked is what counts.
 *
 * @throws as the agent does
 */
export async function converse(
  call: ProtocolCall,
  agent: RemoteAgent,
  options: ConversationOptions,
): Promise<Standing> {
  const endsAt = performance.now() + options.holdMs;
  const heard = await listen(call, agent, options, endsAt);
  if (heard.kind !== 'open') return heard;
  let pollMs = FIRST_POLL_MS;
  for (;;) {
    const task = await agent.get(heard.taskId, call.signal);
    if (task.state !== 'working') return { kind: 'task', task };
    const left = endsAt - performance.now();
    if (left <= 0) return heard;
    await sleep(Math.min(pollMs, left), undefined, { signal: call.signal });
    pollMs = Math.min(pollMs * 2, MAX_POLL_MS);
  }
}

/** Ends when the stream does, the task, or the time. A stream that breaks is no failure once the task is known. */
async function listen(
  call: ProtocolCall,
  agent: RemoteAgent,
  options: ConversationOptions,
  endsAt: number,
): Promise<Standing> {
  let { taskId } = options;
  if (taskId !== null && !agent.isStreaming) return { kind: 'open', taskId };
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Math.max(0, endsAt - performance.now()));
  const signal = AbortSignal.any([call.signal, limit.signal]);
  const message = { id: options.messageId, contextId: call.sessionKey, text: call.prompt, push: call.push };
  // A plain answer is waited for, however long it takes: before it there is no task to come back to.
  const updates =
    taskId === null ? agent.send(message, agent.isStreaming ? signal : call.signal) : agent.follow(taskId, signal);
  try {
    for await (const update of updates) {
      if (update.kind === 'message') return { kind: 'message', content: update.content };
      if (taskId === null) await options.onTask((taskId = taskIdOf(update)));
      if (update.kind === 'text' && update.text !== '') call.token(update.text);
      if (!isOver(update)) continue;
      if (update.kind === 'task') return { kind: 'task', task: update.task };
      break;
    }
  } catch (error) {
    if (call.signal.aborted || taskId === null) throw error;
    call.log('debug', 'the stream of an agent broke off', { taskId });
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
  if (taskId === null) throw new Error('the stream ended before there was a task');
  return { kind: 'open', taskId };
}

function taskIdOf(update: Exclude<RemoteUpdate, { kind: 'message' }>): string {
  const id = update.kind === 'task' ? update.task.id : update.taskId;
  if (id === '' || id.length > LONGEST_ID) throw new Error(`the id of its task has ${id.length} characters`);
  return id;
}

function isOver(update: Exclude<RemoteUpdate, { kind: 'message' }>): boolean {
  if (update.kind === 'text') return false;
  return (update.kind === 'task' ? update.task.state : update.state) !== 'working';
}
