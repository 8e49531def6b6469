/** A request to an endpoint, and what comes of it. */
import type { JsonObject, Placement, TaskError, Usage } from '@weft/contract';
import type { ExecutorCall } from '@weft/engine/ports';

import type { ChatMessage, ProtocolResult, Tool } from '../protocol.ts';
import type { AskMemo } from './memo.ts';
import type { Settings } from './settings.ts';

export type AskRequest = {
  call: ExecutorCall;
  settings: Settings;
  messages: readonly ChatMessage[];
  tools: readonly Tool[];
  /** Tells this request from the others of its task. */
  part: string;
  session: string | null;
  memo: AskMemo;
  signal: AbortSignal;
};

export type Answered = Extract<ProtocolResult, { kind: 'answered' }>;

export type Asked =
  | { kind: 'answered'; answer: Answered; endpoint: string; usage: Usage; placed: Placement }
  | { kind: 'again'; memo: AskMemo; afterMs: number; keepsPlace?: true; note: JsonObject; placed?: Placement }
  | {
      kind: 'failed';
      /** The endpoint is at fault, for good: it will not do better when it is asked again, but another one may. */
      isHopeless?: boolean;
      error: TaskError;
      memo: AskMemo;
      retryAfterMs?: number | undefined;
      usage?: Usage | undefined;
      placed?: Placement;
    };

/** Longer than it takes to renew it. */
export const LEASE_MS = 30_000;
