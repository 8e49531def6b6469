/** An agent as the rest of Weft sees it, in whichever version of A2A it is spoken to. */
import type { Json, Usage } from '@weft/contract';

import type { PushAddress } from '../../push-hints.ts';

/** `asks`: it wants an input or credentials before it goes on. */
export type RemoteState = 'working' | 'completed' | 'failed' | 'canceled' | 'rejected' | 'asks';

/** What a task or a message holds. */
export type RemoteContent = {
  text: string;
  /** Of parts that are data. */
  data?: Json;
  usage?: Usage;
};

export type RemoteTask = {
  id: string;
  state: RemoteState;
  /** Its artifacts; null if there are none. */
  output: RemoteContent | null;
  /** What its status says beside. */
  says: string;
};

export type RemoteUpdate =
  /** A piece of the answer. */
  | { kind: 'text'; taskId: string; text: string }
  | { kind: 'task'; task: RemoteTask }
  /** Only that it has moved on. */
  | { kind: 'state'; taskId: string; state: RemoteState }
  /** It answers at once and has no task. */
  | { kind: 'message'; content: RemoteContent };

export type RemoteMessage = {
  /** Stable over attempts, so that the agent can recognise a repeat. */
  id: string;
  /** The same in all turns of a conversation. */
  contextId: string;
  text: string;
  /** Where it may tell that the task has moved on, if it can. */
  push: PushAddress | null;
};

/** All methods throw RefusedError, or an error of the SDK. */
export type RemoteAgent = {
  /** Whether updates come as they happen; else `send` tells only what was so at first. */
  readonly isStreaming: boolean;
  send(message: RemoteMessage, signal: AbortSignal): AsyncIterable<RemoteUpdate>;
  /** Goes on hearing of a task; streaming agents only. */
  follow(taskId: string, signal: AbortSignal): AsyncIterable<RemoteUpdate>;
  get(taskId: string, signal: AbortSignal): Promise<RemoteTask>;
  cancel(taskId: string, signal: AbortSignal): Promise<void>;
};
