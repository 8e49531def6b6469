/** What an attempt of a node does in a test. */
import type { Json, JsonObject, Usage } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';

import type { Duration } from '../duration.ts';

/** Which attempt it is that runs. */
export type CallPlace = {
  node: string;
  /** `node#iteration`, below the items of a send `each#0[3]/node#0`. */
  key: string;
  /** Numbered from 1. */
  attempt: number;
  /** How often a loop has gone back to the node before. */
  iteration: number;
  /** Of the target of a send: the item, and its place; both null elsewhere. */
  item: Json;
  index: number | null;
  /** How many attempts of this node have begun before, of all tasks. */
  call: number;
  /** The virtual time, epoch ms. */
  now: number;
};

/** What a function in a script may use beside the rendered input: that of a handler, and which attempt it is. */
export type CallContext = CallPlace & {
  signal: AbortSignal;
  runId: string;
  taskId: string;
  idempotencyKey: string;
  log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: JsonObject) => void;
  heartbeat: (progress?: Json) => void;
  emit: (data: Json) => void;
  token: (text: string, metadata?: JsonObject) => void;
};

/** Returns what a handler returns: the output, or a result with control. What it throws fails the attempt, as in a handler. */
// oxlint-disable-next-line typescript/no-explicit-any -- the input is what the test says it is
export type CallFunction = (input: any, context: CallContext) => unknown;

export type Timing = {
  /** Virtual time from the start of the attempt to its end (0). Beyond `timeoutMs` of the node it fails with `timeout`. */
  takes?: Duration;
  /** It is heard of while it runs; else one that takes longer than `heartbeatMs` of the node fails with `heartbeat_timeout`. */
  beats?: boolean;
};

export type SuccessOptions = Timing & { stateUpdates?: JsonObject; goto?: string | string[]; usage?: Partial<Usage> };

export type ScriptedFailure = {
  /** `scripted_failure` */
  code?: string;
  message?: string;
  /** Whether another attempt may mend it (true). */
  retryable?: boolean;
  details?: JsonObject;
};

export type FailureOptions = Timing & { times?: number; retryAfter?: Duration; usage?: Partial<Usage> };

/** `step`: of a recorded attempt, the step that it led to. */
export type Play = Timing & { step?: number } & (
    | { kind: 'returns'; output: Json; stateUpdates?: JsonObject; goto?: string[]; usage?: Usage }
    | {
        kind: 'fails';
        error: Required<Omit<ScriptedFailure, 'details'>> & { details?: JsonObject };
        retryAfterMs?: number;
        usage?: Usage;
      }
    | { kind: 'does'; call: CallFunction }
    /** A handler of the user, or an executor that touches nothing outside. */
    | { kind: 'executes'; executor: Executor }
    /** The worker is lost while it runs the attempt. */
    | { kind: 'crashes' }
    /** No worker takes the task. */
    | { kind: 'waits' }
  );
