/** What every protocol of endpoints offers. */
import type { EndpointProtocol, Json, JsonObject, TaskError, Usage } from '@weft/contract';
import type { CallReport, ExecutorLog } from '@weft/engine/ports';

import type { PushAddress } from './push-hints.ts';

/** One message of a conversation, in the words of the OpenAI API. */
export type ChatMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | null;
  toolCalls?: readonly ToolCall[];
  /** Of a message of role `tool`: which call it answers. */
  toolCallId?: string;
};

export type ToolCall = { id: string; name: string; arguments: Json };

/** A function that a model may ask for. `parameters`: a JSON Schema. */
export type Tool = { name: string; description?: string; parameters: JsonObject };

/** Where to: an endpoint with its token in clear text. */
export type CallTarget = {
  name: string;
  url: string;
  token: string | null;
  model: string | null;
  options: JsonObject;
};

/** One request to an endpoint. Those protocols that know nothing of a field leave it out. */
export type ProtocolCall = {
  target: CallTarget;
  /** What is asked now. */
  prompt: string;
  /** All that was said before and `prompt`, as its last message. */
  messages: readonly ChatMessage[];
  tools: readonly Tool[];
  /** A JSON Schema that the answer is to follow. */
  outputSchema: JsonObject | null;
  maxOutputTokens: number | null;
  /** The same for all turns of a conversation. */
  sessionKey: string;
  /** Stable over attempts and different for each turn: the correlation of asynchronous answers, and the outside's way to tell a repeat. */
  idempotencyKey: string;
  /** What the last `pending` result of this request gave; null: it was not sent yet. */
  memo: Json | null;
  /** Where the other side may say that there is news; null: nowhere. */
  push: PushAddress | null;
  /** More of an answer is an error. */
  maxBytes: number;
  /** Aborted on timeout, cancel, lost claim or shutdown; obeyed within a second. */
  signal: AbortSignal;
  heartbeat(): void;
  /** A piece of the answer's text as it comes. */
  token(text: string): void;
  log: ExecutorLog;
};

/** What came of a request. `report` is for the endpoint's circuit and rates. */
export type ProtocolResult =
  | {
      kind: 'answered';
      text: string;
      /** The answer as JSON, if it is; else the text. */
      output: Json;
      toolCalls?: readonly ToolCall[];
      stateUpdates?: JsonObject;
      goto?: string[];
      /** For who watches the run. */
      uiMessages?: Json[];
      usage?: Usage;
      /** The model that answered, if it says so. */
      model?: string;
      /** By the agent's own word there is nothing more to do. */
      isDone?: boolean;
      rateLimit?: CallReport['rateLimit'];
    }
  /** The answer is not there yet: call again with this memo, in so long or when told to. */
  | { kind: 'pending'; memo: Json; afterMs: number }
  | {
      kind: 'failed';
      error: TaskError;
      /** Whether it speaks against the endpoint (down, slow, 5xx, garbage), and not against the request. */
      isFault: boolean;
      retryAfterMs?: number;
      usage?: Usage;
      rateLimit?: CallReport['rateLimit'];
    };

/** Whether an endpoint is there. `detail` says what was seen. */
export type Probe = { isHealthy: boolean; detail: string };

/** What endpoints of a protocol must be, beside what holds for all. */
export type ProtocolRules = {
  readonly protocol: EndpointProtocol;
  /** Why this URL is none of this protocol, or null. */
  checkUrl(url: string): string | null;
  /** What is wrong with these options, and where; or null. */
  checkOptions(options: JsonObject): string | null;
};

/** What a `pending` result has left at the other side, of a request whose answer nobody wants any more. */
export type LeftRequest = Pick<ProtocolCall, 'target' | 'idempotencyKey' | 'signal'> & { memo: Json };

export type ProtocolClient = ProtocolRules & {
  /** Never throws. */
  call(call: ProtocolCall): Promise<ProtocolResult>;
  /** Tells the other side to stop; rejects where it does not hear. Left out: the protocol has no word for that. */
  letGo?(left: LeftRequest): Promise<void>;
  probe(target: CallTarget, url: string | null, signal: AbortSignal): Promise<Probe>;
  close(): Promise<void>;
};
